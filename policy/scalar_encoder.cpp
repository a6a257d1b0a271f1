// The 36 text scalars. Their definition and the constants are the encoder's identity: whoever
// changes a number here changes kId too.

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "policy/encoder.h"
#include "policy/log_one_plus.h"
#include "policy/text_scan.h"

namespace sluice::policy {
namespace {

constexpr std::string_view kId = "scalars36/1";
constexpr double kClip = 3;
constexpr double kScale = 0.8;
constexpr std::size_t kLongWord = 9;  // code points; a longer word is a long one

// Means and standard deviations over public question prompts (MMLU, GSM8K).
constexpr std::array<double, kScalarFeatures> kMeans{
    5.66754,   3.96018,  1.19772,  0.0189583, 1.13541,   0.0383726, 4.68883,  0.701627,  0.0448449,
    0.0448449, 1.46316,  1.45092,  0.705309,  1.14837,   0.13569,   0.198982, 0.263202,  0.757786,
    2.49079,   0.067103, 0.105616, 0.145013,  0.331517,  0.12741,   0.103101, 0.0314334, 0.0121542,
    0.276614,  0.211232, 0.204946, 0.121961,  0.0272422, 0.0129925, 0.103101, 0.0473596, 0.210813};
constexpr std::array<double, kScalarFeatures> kDeviations{
    0.74641,  0.701383,  0.752561, 0.0333431, 1.14554,  0.0290414, 0.745202, 0.872996, 0.206964,
    0.206964, 0.901004,  0.893558, 0.466417,  1.20447,  0.493916,  0.551433, 0.440372, 0.137514,
    0.739313, 0.0665116, 0.307347, 0.352115,  0.470759, 0.333433,  0.304092, 0.174487, 0.109575,
    0.447325, 0.408184,  0.403663, 0.327242,  0.16279,  0.113243,  0.304092, 0.212408, 0.407887};

constexpr std::array<std::string_view, 9> kCodeWords{
    "def", "python", "function", "code", "return", "class", "int", "void", "import"};
constexpr std::array<std::string_view, 15> kMarkedWords{
    "what", "which", "who",  "when",  "where", "why",  "how",      "if",
    "not",  "all",   "true", "false", "most",  "best", "following"};

double Root(std::size_t count) {
  return std::sqrt(static_cast<double>(count));
}
double Flag(bool set) {
  return set ? 1 : 0;
}

struct WordStatistics {
  double mean_length = 0;
  double distinct_share = 0;
  double long_share = 0;
};

WordStatistics StatisticsOf(std::vector<TextWord> words) {
  if (words.empty()) {
    return {};
  }
  std::size_t length = 0;
  std::size_t long_words = 0;
  for (const TextWord& word : words) {
    length += word.code_points;
    long_words += word.code_points > kLongWord ? 1 : 0;
  }
  std::sort(words.begin(), words.end(),
            [](const TextWord& a, const TextWord& b) { return a.lowered < b.lowered; });
  const auto end =
      std::unique(words.begin(), words.end(),
                  [](const TextWord& a, const TextWord& b) { return a.lowered == b.lowered; });
  const auto total = static_cast<double>(words.size());
  return {.mean_length = static_cast<double>(length) / total,
          .distinct_share = static_cast<double>(end - words.begin()) / total,
          .long_share = static_cast<double>(long_words) / total};
}

class ScalarEncoder final : public Encoder {
 public:
  std::size_t dimension() const override { return kScalarFeatures; }
  std::string_view id() const override { return kId; }

  void Encode(std::string_view text, float* out) const override {
    std::array<double, kScalarFeatures> raw;
    RawScalars(text, raw.data());
    for (std::size_t i = 0; i < kScalarFeatures; ++i) {
      const double z = std::clamp((raw[i] - kMeans[i]) / kDeviations[i], -kClip, kClip);
      out[i] = static_cast<float>(z * kScale);
    }
  }
};

}  // namespace

std::unique_ptr<const Encoder> MakeScalarEncoder() {
  return std::make_unique<ScalarEncoder>();
}

void RawScalars(std::string_view text, double* out) {
  const std::string lowered = LoweredAscii(text);
  const TextCounts counts = CountText(text);
  std::vector<TextWord> words = WordsOf(lowered);
  const std::size_t word_count = std::max<std::size_t>(1, words.size());
  const WordStatistics word_statistics = StatisticsOf(std::move(words));
  const auto length = static_cast<double>(std::max<std::size_t>(1, counts.code_points));

  const double head[] = {
      LogOnePlus(counts.code_points),
      LogOnePlus(word_count),
      LogOnePlus(counts.newlines),
      static_cast<double>(counts.digits) / length,
      Root(counts.digit_runs),
      static_cast<double>(counts.upper) / length,
      word_statistics.mean_length,
      Root(counts.operators),
      Flag(ContainsWords<kCodeWords.size()>(lowered, kCodeWords).any()),
      Flag(text.find("```") != text.npos || text.find(';') != text.npos),
      Root(counts.option_marks),
      Root(counts.option_lines),
      Root(counts.question_marks),
      Root(counts.commas),
      Root(counts.quotes),
      Root(counts.dollars),
      Flag(EndsWithQuestion(text)),
      word_statistics.distinct_share,
      Root(counts.sentence_ends),
      word_statistics.long_share,
      Flag(counts.non_ascii),
  };
  double* tail = std::copy(std::begin(head), std::end(head), out);
  const auto marked = ContainsWords<kMarkedWords.size()>(lowered, kMarkedWords);
  for (std::size_t i = 0; i < kMarkedWords.size(); ++i) {
    tail[i] = Flag(marked[i]);
  }
}

}  // namespace sluice::policy
