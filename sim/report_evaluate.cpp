#include "sim/report_evaluate.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "policy/integrity.h"
#include "sim/report_table.h"

namespace sluice::sim {
namespace {

using policy::OpeFigure;
using policy::OpeInterval;
using policy::OpeRefusal;

constexpr int kQualityDigits = 4;

// As many digits as the figure's own size asks for.
std::string Short(double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}
std::string Count(std::size_t count) {
  return std::to_string(count);
}
std::string Percent(double share, int digits = 1) {
  return Fixed(100 * share, digits) + "%";
}
std::string Signed(const std::string& text) {
  return text.starts_with('-') || text.starts_with("nan") ? text : "+" + text;
}

using Print = std::string (*)(double);
std::string Quality(double value) {
  return std::isnan(value) ? "-" : Fixed(value, kQualityDigits);
}
std::string Dollars(double value) {
  return std::isnan(value) ? "-" : Short(value);
}

std::string Between(const OpeInterval& interval, Print print) {
  if (std::isnan(interval.lower)) return "-";
  return print(interval.lower) + " .. " + print(interval.upper);
}

std::string Maybe(const std::optional<OpeInterval>& interval, Print print) {
  return interval ? Between(*interval, print) : "-";
}

void AddCells(const MeasureResult& result, OpeFigure figure, Print print, Row& row) {
  row.push_back(print(result.estimates[figure]));
  row.push_back(Between(result.intervals[static_cast<std::size_t>(figure)], print));
}

std::string Table(const Evaluation& evaluation) {
  const MeasureResult& quality = evaluation.quality;
  const MeasureResult& cost = evaluation.cost;
  std::vector<Row> rows{
      {"", "quality", "95 %", "anytime 95 %", "cost USD", "95 %", "anytime 95 %"}};
  const auto add = [&](const char* label, OpeFigure figure,
                       const std::optional<OpeInterval>& quality_anytime,
                       const std::optional<OpeInterval>& cost_anytime) {
    Row row{label};
    AddCells(quality, figure, Quality, row);
    row.push_back(Maybe(quality_anytime, Quality));
    AddCells(cost, figure, Dollars, row);
    row.push_back(Maybe(cost_anytime, Dollars));
    rows.push_back(std::move(row));
  };
  add("IPS", OpeFigure::kIps, quality.anytime, cost.anytime);
  add("SNIPS", OpeFigure::kSnips, {}, {});
  add("DM", OpeFigure::kDm, {}, {});
  add("DR", OpeFigure::kDr, {}, {});
  add("SWITCH", OpeFigure::kSwitch, {}, {});
  add("as it was logged", OpeFigure::kLogged, quality.anytime_logged, cost.anytime_logged);
  add("P minus logged (DR)", OpeFigure::kGain, {}, {});
  return Align(rows);
}

std::string LabelTable(const Evaluation& evaluation) {
  std::vector<Row> rows{{"labels by arm", "decisions", "labelled", "audited", "judged", "billed"}};
  const auto share = [](std::size_t part, std::size_t whole) {
    if (whole == 0) return std::string("-");
    return Percent(static_cast<double>(part) / static_cast<double>(whole));
  };
  for (const LabelCounts& arm : evaluation.labels) {
    rows.push_back({arm.arm, Count(arm.decisions), share(arm.labelled, arm.decisions),
                    Count(arm.audited), share(arm.judged, arm.audited),
                    share(arm.billed, arm.decisions)});
  }
  return Align(rows);
}

std::string Title(const Evaluation& evaluation) {
  std::string text = "Sluice evaluate: router \"" + evaluation.router + "\", logged under " +
                     evaluation.logged_policy + "; P is " + evaluation.policy;
  if (evaluation.arms.size() < evaluation.arms_logged) {
    text += " over";
    for (const std::string& arm : evaluation.arms) text += " " + arm;
  }
  text += ".\n";
  text += evaluation.trained == 0
              ? "P is frozen before the first decision"
              : "P has learnt from the first " + Count(evaluation.trained) +
                    " decisions and is frozen at position " + Count(evaluation.frozen_at);
  text += "; judged on the " + Count(evaluation.decisions) +
          " after it, at the logged lambda, eligible arms, contexts and sessions.\n";
  if (evaluation.cost_weight) {
    text += "P chooses by a lambda of its own, " + Short(*evaluation.cost_weight) +
            " per USD; utility counts the logged one, " + Short(evaluation.cost_weight_mean) +
            " on average.\n";
  }
  return text;
}

std::string Basis(const Evaluation& evaluation) {
  const policy::OpeDiagnostics& facts = evaluation.quality.diagnostics;
  std::string text = Count(facts.decisions) + " decisions evaluated in " + Count(facts.clusters) +
                     " clusters (" + Count(evaluation.sessions) + " sessions), " +
                     Count(facts.labels) + " labels";
  text += evaluation.labels_independent
              ? " (declared: labelling does not depend on the arm)"
              : " (audited decisions alone: others may be labelled by arm)";
  text += ".\nLeft out:";
  bool any = false;
  for (std::size_t i = 0; i < evaluation.excluded.size(); ++i) {
    if (evaluation.excluded[i] == 0) continue;
    text += std::string(any ? ", " : " ") + Count(evaluation.excluded[i]) + " " +
            std::string(kExcludedNames[i]);
    any = true;
  }
  text += any ? ".\n" : " none.\n";
  text += "Effective sample size " + Fixed(facts.effective, 1) + ", largest weight " +
          Short(facts.weight_max) + " (" + Percent(facts.weight_share) + " of all), mean weight " +
          Fixed(facts.weight_mean, 4) + ", not supported " + Percent(facts.unsupported, 3) +
          ", P would have taken the logged arm " + Percent(evaluation.agreement) +
          " of the time.\n";
  text += "Integrity of the propensities: " +
          std::string(facts.integrity > policy::kIntegrityAlarm ? "ALARM" : "holds") +
          " (bets against them won e^" + Fixed(facts.integrity, 2) + ", alarm at e^" +
          Fixed(policy::kIntegrityAlarm, 2) + ").\n";
  if (evaluation.cost.anytime) {
    text += "The anytime interval of cost holds for bills up to " +
            Short(evaluation.cost_bound_usd) + " USD, twice the largest before the split.\n";
  }
  return text;
}

std::string Interval(const MeasureResult& result, Print print) {
  const OpeInterval& interval = result.intervals[static_cast<std::size_t>(OpeFigure::kGain)];
  return Signed(print(interval.lower)) + " and " + Signed(print(interval.upper));
}

std::string Gain(const MeasureResult& result, Print print) {
  return Signed(print(result.estimates[OpeFigure::kGain]));
}

std::string Reasons(const MeasureResult& result) {
  std::string text;
  for (const OpeRefusal refusal : result.refusals) {
    text += (text.empty() ? "" : "; ") + RenderRefusal(refusal, result.diagnostics);
  }
  return text;
}

}  // namespace

std::string RenderRefusal(OpeRefusal refusal, const policy::OpeDiagnostics& facts) {
  switch (refusal) {
    case OpeRefusal::kNoLabels:
      return "there is no label that counts";
    case OpeRefusal::kUnjudged:
      return "only " + Count(facts.labels) + " of " + Count(facts.asked) +
             " audited decisions were judged, and which may depend on the arm";
    case OpeRefusal::kEffective:
      return "the effective sample size is " + Fixed(facts.effective, 1) + ", below " +
             Fixed(policy::kOpeEffectiveMin, 0);
    case OpeRefusal::kHeavy:
      return "one decision has " + Percent(facts.weight_share) + " of all weight, above " +
             Percent(policy::kOpeWeightShareMax, 0);
    case OpeRefusal::kIntegrity:
      return "the logged propensities are not what the arms were drawn with (mean weight " +
             Fixed(facts.weight_mean, 4) + ")";
    case OpeRefusal::kSupport:
      break;
  }
  return "P takes arms that were never drawn " + Percent(facts.unsupported, 3) +
         " of the time, above " + Percent(policy::kOpeUnsupportedMax, 1);
}

std::string RenderVerdict(const Evaluation& evaluation) {
  const MeasureResult& deciding = evaluation.deciding();
  if (!deciding.refusals.empty()) {
    return "Whether P would have been better cannot be said: " + Reasons(deciding) + ".\n";
  }
  const OpeInterval& gain = deciding.intervals[static_cast<std::size_t>(OpeFigure::kGain)];
  std::string text = gain.lower > 0   ? "P would have been better"
                     : gain.upper < 0 ? "P would have been worse"
                                      : "It is open whether P would have been better";
  text += " than what was logged, at the logged lambda and sessions: ";
  text += evaluation.costs_known() ? "utility " : "quality (no cost was told) ";
  text += Gain(deciding, Quality) + " a decision, 95 % between " + Interval(deciding, Quality) +
          ", above 0 in " + Percent(deciding.share_above_zero) + " of the bootstrap's draws";
  if (evaluation.costs_known()) {
    text += " (quality " + Gain(evaluation.quality, Quality) + ", cost " +
            Gain(evaluation.cost, Dollars) + " USD)";
  }
  return text + ".\n";
}

std::string RenderEvaluation(const Evaluation& evaluation) {
  std::string text = Title(evaluation) + "\n" + Table(evaluation) + "\n" + Basis(evaluation) +
                     LabelTable(evaluation) + "\n";
  const auto refused = [&](const char* name, const MeasureResult& result) {
    if (result.refusals.empty()) return;
    text += std::string("Not to be believed, ") + name + ": " + Reasons(result) + ".\n";
  };
  refused("quality", evaluation.quality);
  if (evaluation.costs_known()) refused("cost", evaluation.cost);
  return text + RenderVerdict(evaluation);
}

}  // namespace sluice::sim
