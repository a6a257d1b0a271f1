#include "sim/dataset.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>

#include <nlohmann/json.hpp>

#include "api/service.h"
#include "sim/dataset_csv.h"
#include "sim/dataset_problems.h"

namespace sluice::sim {
namespace {

using nlohmann::json;

// Bytes that follow the first one of a character.
bool Continues(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

class Reader {
 public:
  explicit Reader(const std::string& name) : problems_(name) { environment_.name = name; }

  void Line(const std::string& line) {
    ++line_;
    if (line.find_first_not_of(" \t\r") == std::string::npos) return;
    const std::optional<json> object = Parse(line);
    if (!object) return;
    if (object->contains("meta")) {
      if (seen_) {
        Add("meta", "stands before all rows, on the first line");
      } else {
        Meta(object->at("meta"));
      }
    } else {
      Row(*object);
    }
    seen_ = true;
  }

  config::Checked<Environment> Finish() {
    line_ = 0;
    if (environment_.tasks.empty() && problems_.empty()) {
      Add("", "has no rows; a row is {\"prompt\": \"...\", \"r\": [...], \"c\": [...]}");
    }
    if (!problems_.empty()) return std::move(problems_).All();
    return std::move(environment_);
  }

  bool full() const { return environment_.tasks.size() >= kRowsMax; }
  void Add(const std::string& field, const std::string& text) { problems_.Add(line_, field, text); }

 private:
  std::optional<json> Parse(const std::string& line) {
    try {
      json value = json::parse(line);
      if (value.is_object()) return value;
      Add("", "is not a JSON object; a row is {\"prompt\": \"...\", \"r\": [...], \"c\": [...]}");
    } catch (const json::parse_error& error) {
      Add("", "is not JSON in UTF-8: something is wrong at byte " + std::to_string(error.byte));
    }
    return std::nullopt;
  }

  void Meta(const json& meta) {
    if (!meta.is_object()) return Add("meta", "must be an object");
    if (meta.contains("name") && meta["name"].is_string()) environment_.name = meta["name"];
    const char* key = meta.contains("arms") ? "arms" : "arms_k3";
    if (meta.contains(key)) Arms(meta[key], key);
    if (meta.contains("list_price_usd_per_m_in_out")) Prices(meta["list_price_usd_per_m_in_out"]);
  }

  void Arms(const json& arms, const std::string& field) {
    std::set<std::string> names;
    bool good = arms.is_array() && !arms.empty();
    for (const json& arm : good ? arms : json::array()) {
      good = good && arm.is_string() && !arm.get_ref<const std::string&>().empty() &&
             names.insert(arm).second;
    }
    if (!good) return Add("meta." + field, "must be an array of different names");
    for (const json& arm : arms) environment_.arms.push_back({.name = arm, .model = arm});
  }

  void Prices(const json& prices) {
    const std::string field = "meta.list_price_usd_per_m_in_out";
    if (!prices.is_object()) return Add(field, "must be an object: {\"model\": [in, out], ...}");
    for (ArmFacts& arm : environment_.arms) {
      const auto found = prices.find(arm.name);
      if (found == prices.end()) continue;
      const std::optional<std::vector<double>> pair = Numbers(*found, 0, INFINITY);
      if (!pair || pair->size() != 2) {
        Add(field, "of \"" + arm.name + "\" must be two numbers, input and output, 0 or more");
        continue;
      }
      arm.price_input_per_million_usd = (*pair)[0];
      arm.price_output_per_million_usd = (*pair)[1];
    }
  }

  void Row(const json& row) {
    Task task;
    const bool told = Told(row, task);
    const auto rewards = Column(row, "r", 1, "rewards in [0, 1]");
    const auto costs = Column(row, "c", INFINITY, "costs in USD, 0 or more");
    if (!told || !rewards || !costs) return;
    if (environment_.arms.empty()) NameArms(rewards->size());
    if (!SameLength("r", rewards->size()) || !SameLength("c", costs->size())) return;
    for (std::size_t a = 0; a < rewards->size(); ++a) {
      const double reward = (*rewards)[a];
      const double cost = (*costs)[a];
      task.outcomes.push_back({reward, cost, reward, cost});
    }
    environment_.tasks.push_back(std::move(task));
  }

  // Takes the prompt and the embedding; false when there is neither or one is wrong.
  bool Told(const json& row, Task& task) {
    const auto prompt = row.find("prompt");
    const auto embedding = row.find("embedding");
    if (prompt == row.end() && embedding == row.end()) {
      Add("prompt", "is missing; every row has a \"prompt\" (text) or an \"embedding\"");
      return false;
    }
    if (prompt != row.end()) {
      if (!prompt->is_string()) {
        Add("prompt", "must be text");
        return false;
      }
      task.text = *prompt;
      CutToWhatIsRead(task.text);
    }
    return embedding == row.end() || Embedding(*embedding, task);
  }

  bool Embedding(const json& value, Task& task) {
    const auto numbers = Numbers(value, -INFINITY, INFINITY);
    if (!numbers || numbers->empty() || numbers->size() > api::kEmbeddingMax) {
      Add("embedding", "must be 1 to " + std::to_string(api::kEmbeddingMax) + " numbers");
      return false;
    }
    task.embedding.assign(numbers->begin(), numbers->end());
    const auto& tasks = environment_.tasks;
    if (tasks.empty() || tasks.front().embedding.size() == task.embedding.size()) return true;
    Add("embedding", "has " + std::to_string(task.embedding.size()) + " numbers where the rows " +
                         "before have " + std::to_string(tasks.front().embedding.size()));
    return false;
  }

  // Finite numbers from least to most, or nothing.
  static std::optional<std::vector<double>> Numbers(const json& value, double least, double most) {
    if (!value.is_array()) return std::nullopt;
    std::vector<double> numbers;
    for (const json& entry : value) {
      if (!entry.is_number()) return std::nullopt;
      const auto number = entry.get<double>();
      if (!std::isfinite(number) || number < least || number > most) return std::nullopt;
      numbers.push_back(number);
    }
    return numbers;
  }

  std::optional<std::vector<double>> Column(const json& row, const char* field, double most,
                                            const std::string& what) {
    const auto found = row.find(field);
    if (found == row.end()) {
      Add(field, "is missing; it holds the " + what + ", one for every arm");
      return std::nullopt;
    }
    auto numbers = Numbers(*found, 0, most);
    if (!numbers || numbers->empty()) {
      Add(field, "must be an array of " + what + ", one for every arm");
      return std::nullopt;
    }
    return numbers;
  }

  bool SameLength(const std::string& field, std::size_t length) {
    const std::size_t arms = environment_.arms.size();
    if (length == arms) return true;
    Add(field, "has " + std::to_string(length) + " numbers; the data set has " +
                   std::to_string(arms) + " arms, so it must have " + std::to_string(arms));
    return false;
  }

  void NameArms(std::size_t arms) {
    for (std::size_t a = 1; a <= arms; ++a) {
      environment_.arms.push_back({.name = std::to_string(a), .model = std::to_string(a)});
    }
  }

  int line_ = 0;
  bool seen_ = false;  // a line that is not blank
  Environment environment_;
  DatasetProblems problems_;
};

}  // namespace

void CutToWhatIsRead(std::string& text) {
  if (text.size() <= api::kQueryBytesRead) return;
  std::size_t end = api::kQueryBytesRead;
  while (end > 0 && Continues(text[end])) --end;
  text.resize(end);
}

config::Checked<Environment> ReadDataset(std::istream& in, const std::string& name) {
  Reader reader(name);
  std::string line;
  while (std::getline(in, line)) {
    if (reader.full()) {
      reader.Add("", "is one row too many; the most are " + std::to_string(kRowsMax));
      break;
    }
    reader.Line(line);
  }
  return reader.Finish();
}

config::Checked<Environment> LoadDataset(const std::string& path,
                                         const std::vector<ListPrice>& prices) {
  std::ifstream in(path, std::ios::binary);
  const std::filesystem::path file(path);
  if (!in || std::filesystem::is_directory(file)) {
    return std::vector<config::Problem>{{path, 0, "", "cannot be opened for reading"}};
  }
  const bool csv = file.extension() == ".csv";
  auto environment = csv ? ReadCsvDataset(in, path, prices) : ReadDataset(in, path);
  if (auto* loaded = std::get_if<Environment>(&environment); loaded && loaded->name == path) {
    loaded->name = file.stem().string();
  }
  return environment;
}

}  // namespace sluice::sim
