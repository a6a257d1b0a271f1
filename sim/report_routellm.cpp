#include "sim/report_routellm.h"

#include <string_view>

#include <nlohmann/json.hpp>

#include "sim/report_spread.h"

namespace sluice::sim {
namespace {

using Json = nlohmann::ordered_json;

MeanAndSpread Apgr(const RouteLlmRow& row) {
  return Over(row.by_seed, [](const RankingFigures& one) { return one.apgr; });
}

double ShareOf(const RouteLlmRow& row, std::size_t recovery) {
  return Over(row.by_seed, [recovery](const RankingFigures& one) { return one.shares[recovery]; })
      .mean;
}

Row RowOf(const RouteLlmRow& row) {
  const MeanAndSpread apgr = Apgr(row);
  Row cells{row.policy, WithSpread(apgr, 3)};
  for (std::size_t i = 0; i < kRecoveries.size(); ++i) {
    cells.push_back(Fixed(100 * ShareOf(row, i), 1));
  }
  return cells;
}

// Of the kit that the development files came with: ridge or logistic regression on full labels of
// the same halves, the penalty chosen by leaving one out.
struct Published {
  std::string_view data;
  std::size_t rows;
  const char* encoder;
  const char* cells[4];
};
constexpr std::string_view kMmlu = "routellm_mmlu_dev";
constexpr std::string_view kGsm8k = "routellm_gsm8k_dev";
constexpr Published kPublished[] = {
    {kMmlu, 6919, "36 scalars", {"0.649 ±0.016", "8.4", "29.0", "61.7"}},
    {kMmlu, 6919, "SVD25 of first 300", {"0.658 ±0.019", "7.6", "27.5", "62.7"}},
    {kMmlu, 6919, "SVD25 of first 300 + scalars", {"0.662 ±0.026", "7.3", "28.6", "59.2"}},
    {kMmlu, 6919, "logistic SVD64 + scalars", {"0.671 ±0.012", "7.4", "28.0", "58.1"}},
    {kMmlu, 6919, "subject label", {"0.666 ±0.020", "7.8", "28.2", "59.5"}},
    {kMmlu, 6919, "oracle", {"1.355 ±0.097", "2.3", "5.8", "9.2"}},
    {kGsm8k, 656, "36 scalars", {"0.574 ±0.023", "16.3", "40.5", "67.9"}},
    {kGsm8k, 656, "SVD25 of first 300", {"0.587 ±0.040", "14.4", "37.4", "67.9"}},
    {kGsm8k, 656, "SVD25 of first 300 + scalars", {"0.590 ±0.031", "14.8", "38.6", "67.7"}},
    {kGsm8k, 656, "logistic SVD64 + scalars", {"0.545 ±0.026", "17.0", "44.4", "73.6"}},
    {kGsm8k, 656, "oracle", {"1.150 ±0.041", "4.5", "10.9", "17.5"}},
};

std::string Title(const RouteLlmResult& result) {
  std::string title = "RouteLLM's measures: " + result.data + ", " + std::to_string(result.rows) +
                      " prompts, " + std::to_string(result.seeds.size()) + " halves (seeds " +
                      std::to_string(result.seeds.front()) + " to " +
                      std::to_string(result.seeds.back()) + ")\n" + result.weak + " " +
                      Fixed(result.weak_reward, 4) + ", " + result.strong + " " +
                      Fixed(result.strong_reward, 4) + "\n";
  if (!result.layout.empty()) title += result.layout + "\n";
  return title;
}

Json JsonOf(const RouteLlmResult& result, const RouteLlmRow& row) {
  const MeanAndSpread apgr = Apgr(row);
  Json by_seed = Json::array();
  for (const RankingFigures& one : row.by_seed) by_seed.push_back(one.apgr);
  return {{"data", result.data},      {"policy", row.policy},     {"apgr", apgr.mean},
          {"apgr_sd", apgr.sd},       {"cpt20", ShareOf(row, 0)}, {"cpt50", ShareOf(row, 1)},
          {"cpt80", ShareOf(row, 2)}, {"rows", result.rows},      {"seeds", result.seeds},
          {"apgr_by_seed", by_seed}};
}

}  // namespace

std::string RenderRouteLlm(const RouteLlmResult& result) {
  std::vector<Row> rows{{"order by", "APGR ±sd", "CPT20 %", "CPT50 %", "CPT80 %"}};
  for (const RouteLlmRow& row : result.policies) rows.push_back(RowOf(row));
  for (const Published& published : kPublished) {
    if (published.data != result.data || published.rows != result.rows) continue;
    Row row{std::string("published: ") + published.encoder};
    row.insert(row.end(), std::begin(published.cells), std::end(published.cells));
    rows.push_back(std::move(row));
  }
  return Title(result) + Align(rows) + "\n";
}

std::string RouteLlmJson(const std::vector<RouteLlmResult>& results) {
  Json rows = Json::array();
  for (const RouteLlmResult& result : results) {
    for (const RouteLlmRow& row : result.policies) rows.push_back(JsonOf(result, row));
  }
  return rows.dump(1) + "\n";
}

}  // namespace sluice::sim
