#include "sim/dataset_csv.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "policy/text_scan.h"
#include "sim/csv.h"
#include "sim/dataset_problems.h"
#include "sim/report_table.h"

namespace sluice::sim {
namespace {

using Record = std::vector<std::string>;

constexpr std::string_view kPrompt = "prompt";
constexpr std::string_view kCost = "|total_cost";
constexpr std::string_view kResponse = "_response";
constexpr std::string_view kSuffix = "\nAnswer:";
constexpr double kCharactersOfToken = 4;

// What RouteLLM's models cost when its outcomes were made.
struct KnownPrice {
  std::string_view model;  // what stands after the last slash, in lower case
  double input_usd;
  double output_usd;
};
constexpr KnownPrice kKnownPrices[] = {{"gpt-4-1106-preview", 10, 30},
                                       {"mixtral-8x7b-instruct-v0.1", .6, .6}};

std::optional<ListPrice> PriceOf(const std::string& model, const std::vector<ListPrice>& prices) {
  const auto given = std::ranges::find(prices, model, &ListPrice::model);
  if (given != prices.end()) return *given;
  const std::string name = policy::LoweredAscii(model.substr(model.rfind('/') + 1));
  const auto* known = std::ranges::find(kKnownPrices, name, &KnownPrice::model);
  if (known == std::end(kKnownPrices)) return std::nullopt;
  return ListPrice{model, known->input_usd, known->output_usd};
}

// A number and nothing else.
std::optional<double> NumberIn(const std::string& field) {
  double value = 0;
  const char* end = field.data() + field.size();
  const auto [stop, error] = std::from_chars(field.data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<double> RewardIn(const std::string& field) {
  if (field == "True") return 1;
  if (field == "False") return 0;
  const auto value = NumberIn(field);
  return value && *value >= 0 && *value <= 1 ? value : std::nullopt;
}

double TokensOf(std::string_view text) {
  std::size_t characters = 0;
  for (std::size_t i = 0; i < text.size(); i += policy::CodePointBytes(text.substr(i))) {
    ++characters;
  }
  return std::ceil(static_cast<double>(characters) / kCharactersOfToken);
}

// -- Python's lists -------------------------------------------------------------------------------

// A code point as UTF-8.
void AppendCharacter(std::uint32_t code, std::string& text) {
  const auto tail = [code](int shift) { return static_cast<char>(0x80 | (code >> shift & 0x3F)); };
  if (code < 0x80) {
    text += static_cast<char>(code);
  } else if (code < 0x800) {
    text += {static_cast<char>(0xC0 | code >> 6), tail(0)};
  } else if (code < 0x10000) {
    text += {static_cast<char>(0xE0 | code >> 12), tail(6), tail(0)};
  } else {
    text += {static_cast<char>(0xF0 | code >> 18), tail(12), tail(6), tail(0)};
  }
}

// Takes what follows a backslash off the front.
void TakeEscaped(std::string_view& in, std::string& text) {
  const char escaped = in.front();
  in.remove_prefix(1);
  const std::size_t digits = escaped == 'x' ? 2 : escaped == 'u' ? 4 : escaped == 'U' ? 8 : 0;
  std::uint32_t code = 0;
  if (digits > 0 && in.size() >= digits &&
      std::from_chars(in.data(), in.data() + digits, code, 16).ptr == in.data() + digits) {
    in.remove_prefix(digits);
    return AppendCharacter(code, text);
  }
  constexpr std::string_view kEscaped = "ntr";
  constexpr std::string_view kMeant = "\n\t\r";
  const std::size_t known = kEscaped.find(escaped);
  text += known == kEscaped.npos ? escaped : kMeant[known];  // a quote or the backslash itself
}

// Takes a text in quotes off the front; empty when there is none.
std::optional<std::string> TakeQuoted(std::string_view& in) {
  if (in.empty() || (in.front() != '\'' && in.front() != '"')) return std::nullopt;
  const char quote = in.front();
  in.remove_prefix(1);
  std::string text;
  while (!in.empty()) {
    const char next = in.front();
    in.remove_prefix(1);
    if (next == quote) return text;
    if (next == '\\' && !in.empty()) {
      TakeEscaped(in, text);
    } else {
      text += next;
    }
  }
  return std::nullopt;
}

// "['one', 'two']" is one and two on a line each; whatever is no such list stays as it is.
std::string Unlisted(const std::string& text) {
  std::string_view in = text;
  if (!in.starts_with('[')) return text;
  in.remove_prefix(1);
  std::string lines;
  for (;;) {
    const auto item = TakeQuoted(in);
    if (!item) return text;
    lines += (lines.empty() ? "" : "\n") + *item;
    if (in == "]") return lines;
    if (!in.starts_with(", ")) return text;
    in.remove_prefix(2);
  }
}

// -- Layouts --------------------------------------------------------------------------------------

enum class Layout { kRouterBench, kRouteLlm };

// Where in a record a model's fields stand.
struct Column {
  std::string model;
  std::size_t reward = 0;
  std::optional<std::size_t> cost;      // RouterBench
  std::optional<std::size_t> response;  // GSM8K
};

std::optional<std::size_t> IndexOf(const Record& header, const std::string& name) {
  const auto found = std::ranges::find(header, name);
  if (found == header.end()) return std::nullopt;
  return static_cast<std::size_t>(found - header.begin());
}

// Models in the order of their rewards; none when the header is of no RouterBench.
std::vector<Column> RouterBenchColumns(const Record& header) {
  std::vector<Column> columns;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const auto cost = IndexOf(header, header[i] + std::string(kCost));
    if (cost) columns.push_back({header[i], i, cost, std::nullopt});
  }
  return columns;
}

// A column without a name, or "Unnamed: 0", is how pandas writes the number of a row.
bool IsRowNumber(const std::string& name) {
  return name.empty() || name.starts_with("Unnamed: ");
}

std::vector<Column> RouteLlmColumns(const Record& header) {
  std::vector<Column> columns;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const std::string& name = header[i];
    if (name == kPrompt || IsRowNumber(name)) continue;
    if (name.ends_with(kResponse) &&
        IndexOf(header, name.substr(0, name.size() - kResponse.size()))) {
      continue;
    }
    columns.push_back({name, i, std::nullopt, IndexOf(header, name + std::string(kResponse))});
  }
  return columns;
}

// -- Reading --------------------------------------------------------------------------------------

class Reader {
 public:
  Reader(const std::string& name, const std::vector<ListPrice>& prices)
      : prices_(prices), problems_(name) {
    environment_.name = name;
  }

  // False when the rows cannot be read.
  bool Header(const Record& header, int line) {
    fields_ = header.size();
    const auto prompt = IndexOf(header, std::string(kPrompt));
    columns_ = RouterBenchColumns(header);
    layout_ = columns_.empty() ? Layout::kRouteLlm : Layout::kRouterBench;
    if (columns_.empty()) columns_ = RouteLlmColumns(header);
    if (!prompt || columns_.size() < 2) {
      problems_.Add(line, "",
                    "is no header that is known: RouterBench's has prompt, and MODEL and "
                    "MODEL|total_cost for each model; RouteLLM's prompt and MODEL for each model");
      return false;
    }
    prompt_ = *prompt;
    for (const Column& column : columns_) AddArm(column, line);
    Describe();
    return problems_.empty();
  }

  void Row(const Record& record, int line) {
    if (record.size() != fields_) {
      return problems_.Add(line, "",
                           "has " + std::to_string(record.size()) +
                               " fields where the header has " + std::to_string(fields_));
    }
    Task task;
    task.text = record[prompt_];
    const double tokens = TokensOf(task.text);
    for (std::size_t a = 0; a < columns_.size(); ++a) {
      const auto reward = RewardIn(record[columns_[a].reward]);
      const auto cost = CostIn(record, a, tokens);
      if (!reward) problems_.Add(line, columns_[a].model, RewardWanted());
      if (!cost) {
        problems_.Add(line, columns_[a].model + std::string(kCost), "must be USD, 0 or more");
      }
      if (reward && cost) task.outcomes.push_back({*reward, *cost, *reward, *cost});
    }
    if (task.outcomes.size() < columns_.size()) return;
    Trim(task.text);
    environment_.tasks.push_back(std::move(task));
  }

  bool full() const { return environment_.tasks.size() >= kRowsMax; }
  void Add(int line, const std::string& text) { problems_.Add(line, "", text); }

  config::Checked<Environment> Finish() {
    if (environment_.tasks.empty() && problems_.empty()) Add(0, "has no rows after its header");
    if (!problems_.empty()) return std::move(problems_).All();
    return std::move(environment_);
  }

 private:
  void AddArm(const Column& column, int line) {
    const auto price = PriceOf(column.model, prices_);
    if (!price && layout_ == Layout::kRouteLlm) {
      return problems_.Add(line, column.model,
                           "has no list price, which its costs are made of; pass --price \"" +
                               column.model + "=IN/OUT\" in USD per million tokens");
    }
    ArmFacts arm{.name = column.model, .model = column.model};
    if (price) {
      arm.price_input_per_million_usd = price->input_usd;
      arm.price_output_per_million_usd = price->output_usd;
    }
    environment_.arms.push_back(std::move(arm));
  }

  void Describe() {
    if (layout_ == Layout::kRouterBench) {
      environment_.layout =
          "RouterBench CSV, " + std::to_string(columns_.size()) + " models, recorded costs";
      return;
    }
    const bool answers = std::ranges::all_of(
        columns_, [](const Column& column) { return column.response.has_value(); });
    environment_.layout = "RouteLLM CSV, costs from tokens (four characters each; " +
                          std::string(answers ? "answers as recorded" : "100 assumed of answers") +
                          ") at list prices in/out per million:";
    for (const ArmFacts& arm : environment_.arms) {
      environment_.layout += " " + arm.name + " " + Fixed(arm.price_input_per_million_usd, 2) +
                             "/" + Fixed(arm.price_output_per_million_usd, 2);
    }
  }

  std::optional<double> CostIn(const Record& record, std::size_t arm, double tokens) const {
    const Column& column = columns_[arm];
    if (column.cost) {
      const auto cost = NumberIn(record[*column.cost]);
      return cost && *cost >= 0 ? cost : std::nullopt;
    }
    const double answer = column.response ? TokensOf(record[*column.response]) : kAnswerTokens;
    const ArmFacts& facts = environment_.arms[arm];
    return (facts.price_input_per_million_usd * tokens +
            facts.price_output_per_million_usd * answer) *
           1e-6;
  }

  std::string RewardWanted() const {
    return layout_ == Layout::kRouterBench ? "must be a score in [0, 1]"
                                           : "must be True, False or a score in [0, 1]";
  }

  void Trim(std::string& text) const {
    if (layout_ == Layout::kRouterBench) {
      text = Unlisted(text);
    } else if (text.ends_with(kSuffix)) {
      text.resize(text.size() - kSuffix.size());
    }
    CutToWhatIsRead(text);
  }

  const std::vector<ListPrice>& prices_;
  Layout layout_ = Layout::kRouterBench;
  std::size_t fields_ = 0;
  std::size_t prompt_ = 0;
  std::vector<Column> columns_;
  Environment environment_;
  DatasetProblems problems_;
};

}  // namespace

std::optional<ListPrice> ParseListPrice(const std::string& text) {
  const std::size_t slash = text.rfind('/');  // a model's name may hold one
  const std::size_t equals = text.rfind('=', slash);
  if (slash == text.npos || equals == text.npos || equals == 0) return std::nullopt;
  const auto input = NumberIn(text.substr(equals + 1, slash - equals - 1));
  const auto output = NumberIn(text.substr(slash + 1));
  if (!input || !output || *input < 0 || *output < 0) return std::nullopt;
  return ListPrice{text.substr(0, equals), *input, *output};
}

config::Checked<Environment> ReadCsvDataset(std::istream& in, const std::string& name,
                                            const std::vector<ListPrice>& prices) {
  CsvReader csv(in);
  Reader reader(name, prices);
  Record record;
  const bool readable = csv.Next(record) && reader.Header(record, csv.line());
  while (readable && csv.Next(record)) {
    if (reader.full()) {
      reader.Add(csv.line(), "is one row too many; the most are " + std::to_string(kRowsMax));
      break;
    }
    reader.Row(record, csv.line());
  }
  if (!csv.problem().empty()) reader.Add(csv.line(), csv.problem());
  return reader.Finish();
}

}  // namespace sluice::sim
