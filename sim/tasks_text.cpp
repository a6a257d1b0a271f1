#include "sim/tasks_text.h"

#include <array>
#include <span>
#include <string_view>

namespace sluice::sim {
namespace {

using policy::Rng;
using Words = std::span<const std::string_view>;

constexpr int kStepsMax = 5;

// A text that is put together from left to right. Draws in a chain of << happen in its order (C++17
// says so, and says no such thing of +), so that every compiler gives the same prompts.
struct Text {
  std::string value;
  Text& operator<<(std::string_view part) {
    value += part;
    return *this;
  }
};

std::string_view Pick(Words words, Rng& rng) {
  return words[rng.Below(words.size())];
}

std::string Number(std::uint64_t least, std::uint64_t most, Rng& rng) {
  return std::to_string(least + rng.Below(most - least + 1));
}

constexpr std::string_view kNames[] = {"Ada",   "Bruno", "Chidi", "Dana",  "Emre",  "Farah",
                                       "Gita",  "Hana",  "Ivo",   "Jonas", "Keiko", "Lena",
                                       "Mateo", "Nadia", "Oskar", "Priya"};
constexpr std::string_view kPlaces[] = {"Lisbon", "Nairobi", "Oslo", "Quito", "Hanoi", "Porto",
                                        "Accra",  "Riga",    "Lima", "Turin", "Kyoto", "Perth"};
constexpr std::string_view kGoods[] = {"apples",  "lamps", "notebooks", "tickets", "bricks",
                                       "candles", "bolts", "chairs",    "mugs",    "seedlings"};
constexpr std::string_view kTopics[] = {
    "the harbour",      "our new office", "the spring market",  "the bus line",
    "the reading club", "the old bridge", "the garden project", "the winter festival"};

std::string SmallTalk(int steps, Rng& rng) {
  static constexpr std::string_view kOpeners[] = {"Hi there",    "Good morning", "Hey",
                                                  "Hello again", "Thanks a lot", "Nice to see you"};
  static constexpr std::string_view kLines[] = {
      "Tell me something cheerful.", "I had a long day.",       "Any tip for a lazy evening?",
      "I could use a smile.",        "My cat sat on the desk.", "Wish me luck for today.",
      "The tea is still warm."};
  Text text;
  text << Pick(kOpeners, rng) << ", " << Pick(kNames, rng) << " here.";
  for (int i = 0; i < (steps + 1) / 2; ++i) text << " " << Pick(kLines, rng);
  return text.value;
}

std::string Lookup(int steps, Rng& rng) {
  static constexpr std::string_view kAsks[] = {
      "What is the time zone of ",        "Who was the first mayor of ",
      "When was the railway reached in ", "Where do I find the museum of ",
      "What is the usual weather in ",    "Which river runs by "};
  static constexpr std::string_view kExtras[] = {" in summer", " for a visitor", " these days",
                                                 " near the old town", " on a short trip"};
  Text text;
  text << Pick(kAsks, rng) << Pick(kPlaces, rng);
  for (int i = 1; i < steps; i += 2) text << Pick(kExtras, rng);
  text << "?";
  return text.value;
}

std::string Sentence(Rng& rng) {
  static constexpr std::string_view kActs[] = {"opened a stall at",          "wrote a letter about",
                                               "asked the neighbours about", "took photographs of",
                                               "told a story about",         "made a plan for"};
  static constexpr std::string_view kEnds[] = {
      "before the rain came",   "and everyone was pleased", "while the band was playing",
      "with a few old friends", "and then went home early", "as in the years before"};
  Text text;
  text << Pick(kNames, rng) << " from " << Pick(kPlaces, rng) << " " << Pick(kActs, rng) << " "
       << Pick(kTopics, rng) << " " << Pick(kEnds, rng) << ".";
  return text.value;
}

std::string Rewriting(int steps, Rng& rng) {
  static constexpr std::string_view kAsks[] = {
      "Make this note sound friendlier:", "Rewrite this in a more formal tone:",
      "Fix the grammar and keep the meaning:", "Say this in simpler words:"};
  Text text;
  text << Pick(kAsks, rng) << " \"";
  for (int i = 0; i < steps; ++i) text << (i > 0 ? " " : "") << Sentence(rng);
  text << "\"";
  return text.value;
}

std::string Summary(int steps, Rng& rng) {
  static constexpr std::string_view kAsks[] = {"Summarise the text below in two sentences.",
                                               "Give me the gist of this report.",
                                               "Shorten the following notes to one paragraph."};
  Text text;
  text << Pick(kAsks, rng) << "\n";
  for (int paragraph = 0; paragraph <= steps; ++paragraph) {
    text << "\n";
    for (int i = 0; i < 4; ++i) text << Sentence(rng) << (i < 3 ? " " : "\n");
  }
  return text.value;
}

std::string Extraction(int steps, Rng& rng) {
  Text text;
  text << "Extract the fields \"name\", \"city\", \"item\", \"amount\" from each line.\n";
  for (int i = 0; i < 2 * steps; ++i) {
    text << "\nOrder " << Number(1000, 9999, rng) << ", " << Pick(kNames, rng) << ", "
         << Pick(kPlaces, rng) << ", " << Number(2, 90, rng) << " " << Pick(kGoods, rng) << ", $"
         << Number(10, 900, rng) << "." << Number(10, 99, rng);
  }
  return text.value;
}

// One step of a word problem about `name`.
std::string Step(std::string_view name, Rng& rng) {
  Text text;
  switch (rng.Below(3)) {
    case 0:
      text << " Then " << Pick(kNames, rng) << " brings " << Number(3, 60, rng) << " more.";
      break;
    case 1:
      text << " A box of " << Number(4, 12, rng) << " costs $" << Number(2, 30, rng) << "."
           << Number(10, 99, rng) << ", and " << Number(10, 40, rng) << "% of them are sold.";
      break;
    default:
      text << " On each of " << Number(2, 9, rng) << " days " << name << " gives away 1/"
           << Number(2, 6, rng) << " of what is left.";
  }
  return text.value;
}

std::string WordProblem(int steps, Rng& rng) {
  const std::string_view name = Pick(kNames, rng);
  const std::string_view goods = Pick(kGoods, rng);
  Text text;
  text << name << " has " << Number(12, 90, rng) << " " << goods << ".";
  for (int i = 0; i < steps; ++i) text << Step(name, rng);
  text << " How many " << goods << " does " << name << " have at the end?";
  return text.value;
}

std::string Code(int steps, Rng& rng) {
  static constexpr std::string_view kAsks[] = {"Write a python function that returns",
                                               "Find the bug in this class, whose method returns",
                                               "Write a function and its tests: return"};
  static constexpr std::string_view kWhats[] = {
      "the longest run of equal items in a list", "all pairs of keys that share a value",
      "the shortest path between two nodes of a graph", "the merged intervals of two calendars",
      "the balanced halves of a binary tree"};
  static constexpr std::string_view kLimits[] = {
      "It must run in O(n log n).",    "Return an empty list for bad input.",
      "Do not import any library.",    "Handle int overflow and void input.",
      "Keep the order of equal keys.", "Make it safe for many threads."};
  Text text;
  text << Pick(kAsks, rng) << " " << Pick(kWhats, rng) << ".";
  for (int i = 1; i < steps; ++i) text << " " << Pick(kLimits, rng);
  text << "\n\n```\ndef solve(items, k=" << Number(1, 9, rng)
       << "):\n    # your code here\n    return items[k:];\n```";
  return text.value;
}

std::string Logic(int steps, Rng& rng) {
  static constexpr std::string_view kRules[] = {
      "If X sits by the door, then Y is not next to Z.", "All of those who like tea came by train.",
      "X arrived before Y if and only if Z was late.",   "Not all of the statements of Y are true.",
      "Either X or Z is false, but not both.",           "The most recent guest is not X."};
  Text text;
  text << "Five guests meet at a table: X, Y, Z, " << Pick(kNames, rng) << " and "
       << Pick(kNames, rng) << ".";
  for (int i = 0; i < steps + 2; ++i) {
    text << "\n(" << std::to_string(i + 1) << ") " << Pick(kRules, rng);
  }
  text << "\nWhich of the following must be true, and why?\nA. X came last.\nB. Y is not late.\n"
       << "C. All are honest.\nD. None of these.";
  return text.value;
}

std::string Analysis(int steps, Rng& rng) {
  static constexpr std::string_view kMatters[] = {
      "the intermediary's contractual representations concerning regulatory authorisations",
      "the subcontractor's indemnification obligations notwithstanding limitations of liability",
      "the jurisdictional consequences of an insufficiently specified arbitration agreement",
      "the enforceability of post-termination confidentiality undertakings",
      "the administrator's discretionary competences under the transitional provisions"};
  Text text;
  text << "Analyse the following situation comprehensively, distinguishing contractual from "
       << "statutory responsibilities.\n";
  for (int i = 0; i < steps + 1; ++i) {
    text << "\nSection " << Number(2, 40, rng) << "(" << std::to_string(i + 1)
         << "): The parties, established in " << Pick(kPlaces, rng) << " and " << Pick(kPlaces, rng)
         << " respectively, disagree about " << Pick(kMatters, rng) << "; each party relies upon "
         << Pick(kMatters, rng) << ".";
  }
  text << "\n\nEvaluate the strongest counterarguments and recommend a defensible strategy.";
  return text.value;
}

struct Kind {
  double share;
  double difficulty_least;  // with one step
  double difficulty_most;   // with kStepsMax steps
  double output_tokens;
  std::string (*text)(int steps, Rng& rng);
};

constexpr std::array<Kind, 9> kKinds = {{
    {.12, .02, .10, 260, SmallTalk},
    {.15, .05, .20, 320, Lookup},
    {.11, .10, .30, 500, Rewriting},
    {.13, .15, .38, 560, Summary},
    {.12, .40, .60, 400, Extraction},
    {.13, .50, .76, 240, WordProblem},
    {.12, .58, .92, 360, Code},
    {.07, .80, 1.0, 260, Logic},
    {.05, .85, 1.0, 420, Analysis},
}};

const Kind& DrawKind(Rng& rng) {
  double left = rng.Uniform();
  for (const Kind& kind : kKinds) {
    left -= kind.share;
    if (left < 0) return kind;
  }
  return kKinds.back();
}

}  // namespace

Prompt MakePrompt(Rng& rng) {
  const Kind& kind = DrawKind(rng);
  const int steps = 1 + static_cast<int>(rng.Below(kStepsMax));
  const double harder = static_cast<double>(steps - 1) / (kStepsMax - 1);
  Prompt prompt;
  prompt.text = kind.text(steps, rng);
  prompt.difficulty =
      kind.difficulty_least + harder * (kind.difficulty_most - kind.difficulty_least);
  prompt.output_tokens = kind.output_tokens * (0.75 + 0.5 * harder);
  return prompt;
}

}  // namespace sluice::sim
