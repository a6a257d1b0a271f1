#include "sim/dataset_pareto.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

#include <nlohmann/json.hpp>

#include "api/service.h"
#include "sim/dataset.h"
#include "sim/pareto_protocol.h"
#include "sim/said.h"

namespace sluice::sim {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

// -- Rows -----------------------------------------------------------------------------------------

// The data set and what it says about the arm that joins.
struct Rows {
  Environment environment;
  std::optional<ArmFacts> newcomer;
};

// The arm that is among the four and not among the three.
std::optional<ArmFacts> NewcomerOf(const json& meta, const std::vector<ArmFacts>& known) {
  for (const json& name : meta.value("arms_k4", json::array())) {
    if (!name.is_string()) return std::nullopt;
    const bool one_of_three =
        std::ranges::any_of(known, [&](const ArmFacts& arm) { return arm.name == name; });
    if (one_of_three) continue;
    ArmFacts arm{.name = name, .model = name};
    const json prices = meta.value("list_price_usd_per_m_in_out", json::object());
    const json pair = prices.value(arm.name, json::array());
    if (pair.size() != 2 || !pair[0].is_number() || !pair[1].is_number()) return std::nullopt;
    arm.price_input_per_million_usd = pair[0];
    arm.price_output_per_million_usd = pair[1];
    return arm;
  }
  return std::nullopt;
}

bool AddAnswer(const json& flash, Task& task) {
  if (!flash.is_array() || flash.size() != 2) return false;
  if (!flash[0].is_number() || !flash[1].is_number()) return false;
  const double reward = flash[0];
  const double cost = flash[1];
  if (!(reward >= 0 && reward <= 1 && cost >= 0 && std::isfinite(cost))) return false;
  task.outcomes.push_back({reward, cost, reward, cost});
  return true;
}

// Reads the file once more, for what a data set of three arms passes over. The lines are JSON
// already.
std::string AddNewcomer(const std::string& path, Rows& rows) {
  std::ifstream in(path, std::ios::binary);
  std::string line;
  std::size_t number = 0;
  std::size_t row = 0;
  while (std::getline(in, line)) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const json object = json::parse(line);
    if (object.contains("meta")) {
      if (object["meta"].is_object()) {
        rows.newcomer = NewcomerOf(object["meta"], rows.environment.arms);
      }
      continue;
    }
    Task& task = rows.environment.tasks[row++];
    if (object.contains("flash") && !AddAnswer(object["flash"], task)) {
      return path + ":" + std::to_string(number) + ": flash: must be [reward, cost]";
    }
  }
  return {};
}

Said<Rows> LoadRows(const std::string& path) {
  auto loaded = LoadDataset(path);
  if (const auto* problems = std::get_if<1>(&loaded)) return config::ToString(problems->front());
  Rows rows{std::get<Environment>(std::move(loaded)), std::nullopt};
  const auto& arms = rows.environment.arms;
  if (arms.size() != kParetoArms) {
    return path + ": the experiments have three arms, not " + std::to_string(arms.size());
  }
  for (const ArmFacts& arm : arms) {
    if (arm.price() > 0) continue;
    return path + ": the first line gives no list price of " + arm.name;
  }
  if (auto problem = AddNewcomer(path, rows); !problem.empty()) return problem;
  return rows;
}

// One file, whatever it is called.
Said<Rows> LoadOnlyFile(const std::string& folder) {
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("pareto_") && name.ends_with(".jsonl")) found.push_back(entry.path());
  }
  if (error) return "cannot read the folder " + folder + ": " + error.message();
  if (found.size() == 1) return LoadRows(found.front());
  return folder + " must hold one pareto_*.jsonl, or burn.jsonl and score.jsonl; it holds " +
         std::to_string(found.size()) + " of the former";
}

ParetoData DataOf(Rows rows) {
  ParetoData data;
  data.name = rows.environment.name;
  data.arms = std::move(rows.environment.arms);
  data.rows = std::move(rows.environment.tasks);
  if (rows.newcomer) data.arms.push_back(*rows.newcomer);
  return data;
}

// -- Streams --------------------------------------------------------------------------------------

// Where the rows of a segment lie.
struct Stretch {
  std::size_t begin = 0;
  std::size_t end = 0;
};

Stretch StretchOf(const ParetoData& data, std::size_t segment) {
  if (data.score_at == 0) return {0, data.rows.size()};
  return segment == 0 ? Stretch{0, data.score_at} : Stretch{data.score_at, data.rows.size()};
}

Said<ParetoStream> ParseStream(const std::string& line, const ParetoData& data) {
  ParetoStream stream;
  std::istringstream words(line);
  if (!(words >> stream.seed)) return "begins with no seed";
  stream.segments.emplace_back();
  std::string word;
  while (words >> word) {
    if (word == "|") {
      stream.segments.emplace_back();
      continue;
    }
    const bool digits = word.size() < 10 && word.find_first_not_of("0123456789") == word.npos;
    const Stretch rows = StretchOf(data, stream.segments.size() - 1);
    const std::size_t row = digits ? rows.begin + std::stoull(word) : rows.end;
    if (row >= rows.end) {
      return "\"" + word + "\" is no row; there are " + std::to_string(rows.end - rows.begin);
    }
    stream.segments.back().push_back(row);
  }
  return stream;
}

std::string WhatIsWrong(const ParetoStream& stream, const ParetoData& data,
                        const StreamsWanted& wanted) {
  if (stream.segments.size() != wanted.segments) {
    return "has " + std::to_string(stream.segments.size()) + " segments instead of " +
           std::to_string(wanted.segments);
  }
  for (std::size_t s = 0; s < stream.segments.size(); ++s) {
    if (stream.segments[s].empty()) return "has an empty segment";
    for (const std::size_t row : stream.segments[s]) {
      if (s > 0 && wanted.newcomer && data.rows[row].outcomes.size() <= kNewcomer) {
        return "scores row " + std::to_string(row) + ", which has no \"flash\"";
      }
    }
  }
  return {};
}

bool SameLengths(const ParetoStream& one, const ParetoStream& other) {
  return std::ranges::equal(one.segments, other.segments, {}, &std::vector<std::size_t>::size,
                            &std::vector<std::size_t>::size);
}

// "# ..." and blank lines.
bool SaysNothing(const std::string& line) {
  const std::size_t first = line.find_first_not_of(" \t\r");
  return first == std::string::npos || line[first] == '#';
}

}  // namespace

Said<ParetoData> LoadPareto(const std::string& folder) {
  const fs::path burn_path = fs::path(folder) / "burn.jsonl";
  const fs::path score_path = fs::path(folder) / "score.jsonl";
  if (!fs::exists(burn_path) || !fs::exists(score_path)) {
    auto rows = LoadOnlyFile(folder);
    if (auto* problem = std::get_if<std::string>(&rows)) return *problem;
    return DataOf(std::get<Rows>(std::move(rows)));
  }
  auto burn = LoadRows(burn_path.string());
  if (auto* problem = std::get_if<std::string>(&burn)) return *problem;
  auto score = LoadRows(score_path.string());
  if (auto* problem = std::get_if<std::string>(&score)) return *problem;
  ParetoData data = DataOf(std::get<Rows>(std::move(score)));
  ParetoData before = DataOf(std::get<Rows>(std::move(burn)));
  for (std::size_t a = 0; a < kParetoArms; ++a) {
    if (data.arms[a] == before.arms[a]) continue;
    return "burn.jsonl and score.jsonl name other arms, or other prices";
  }
  data.score_at = before.rows.size();
  data.rows.insert(data.rows.begin(), std::make_move_iterator(before.rows.begin()),
                   std::make_move_iterator(before.rows.end()));
  return data;
}

Said<std::vector<ParetoStream>> LoadParetoStreams(const std::string& folder, const ParetoData& data,
                                                  const StreamsWanted& wanted) {
  const fs::path path =
      fs::path(folder) / "streams" / ("exp" + std::string(wanted.experiment) + ".txt");
  std::ifstream in(path);
  if (!in) return path.string() + " cannot be opened for reading";
  if (wanted.newcomer && data.arms.size() <= kNewcomer) {
    return data.name + " does not say which arm joins: its first line has no \"arms_k4\"";
  }
  std::vector<ParetoStream> streams;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (SaysNothing(line)) continue;
    if (wanted.seeds_max > 0 && streams.size() == wanted.seeds_max) break;
    const std::string where = path.string() + ":" + std::to_string(number) + ": ";
    auto stream = ParseStream(line, data);
    if (auto* problem = std::get_if<std::string>(&stream)) return where + *problem;
    const std::string wrong = WhatIsWrong(std::get<ParetoStream>(stream), data, wanted);
    if (!wrong.empty()) return where + wrong;
    streams.push_back(std::get<ParetoStream>(std::move(stream)));
    if (!SameLengths(streams.front(), streams.back())) {
      return where + "its segments are not as long as those of the first line";
    }
  }
  if (streams.empty()) return path.string() + " has no line that begins with a seed";
  return streams;
}

std::string AttachFeatures(const std::string& path, ParetoData& data) {
  static_assert(std::endian::native == std::endian::little);
  std::ifstream in(path, std::ios::binary);
  if (!in) return path + " cannot be opened for reading";
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  const std::size_t row_bytes = data.rows.empty() ? 0 : bytes.size() / data.rows.size();
  const std::size_t numbers = row_bytes / sizeof(float);
  if (numbers < 2 || numbers - 1 > api::kEmbeddingMax ||
      numbers * sizeof(float) * data.rows.size() != bytes.size()) {
    return path + " holds " + std::to_string(bytes.size()) +
           " bytes, which is not a row of float32 for each of " + std::to_string(data.rows.size()) +
           " prompts";
  }
  std::vector<float> row(numbers);
  for (std::size_t i = 0; i < data.rows.size(); ++i) {
    std::memcpy(row.data(), bytes.data() + i * row_bytes, row_bytes);
    const bool finite = std::ranges::all_of(row, [](float value) { return std::isfinite(value); });
    if (!finite || row.back() != 1) {
      return path + ": row " + std::to_string(i) + " is not finite, or does not end in 1";
    }
    data.rows[i].embedding.assign(row.begin(), row.end() - 1);
  }
  return {};
}

}  // namespace sluice::sim
