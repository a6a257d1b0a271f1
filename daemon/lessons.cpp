#include "daemon/lessons.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace sluice::daemon {

namespace {

using store::Position;

// The log may hold any cost that is a number; what is learnt stays far from infinity.
constexpr double kLogRatioMax = 20;
constexpr std::uint64_t kDayUs = 24ULL * 3600 * 1000 * 1000;

// Whether what was said at `position` is not learnt: of any arm, or (given one) of this arm alone.
bool IsExcluded(const LessonRules& rules, std::optional<policy::ArmId> arm, Position position) {
  return std::any_of(rules.excluded.begin(), rules.excluded.end(), [&](const Excluded& span) {
    return span.arm == arm && position > span.after && position <= span.up_to;
  });
}

// The prices that held when the decision was made: a price change since does not look like usage.
policy::TokenPrices PricesAt(const LessonRules& rules, policy::ArmId arm, Position decision) {
  const std::vector<ArmPrices>& history = rules.prices[arm];
  auto after = std::upper_bound(
      history.begin(), history.end(), decision,
      [](Position position, const ArmPrices& entry) { return position < entry.from; });
  return after == history.begin() ? history.front().prices : std::prev(after)->prices;
}

double Blended(const policy::TokenPrices& prices) {
  return (prices.input_usd_per_million + prices.output_usd_per_million) / 2 / 1000;
}

// One walk along a story.
class Walk {
 public:
  Walk(const LessonRules& rules, const store::DecisionStory& story) : rules_(rules), story_(story) {
    standing_.active = story.decision.active;
  }

  void Take(const store::PlacedOutcome& outcome) {
    const store::OutcomeRecord& record = outcome.record;
    // Money that was given up is released however late the daemon was there to do it.
    if (record.source == store::kTimerSource && record.event_id.starts_with(kSettleEvent)) {
      standing_.settled = true;
      return;
    }
    if (record.source == store::kTimerSource) standing_.spoken = true;
    if (Closed(rules_.definition, story_.decision, record.received_us)) return;
    if (reports_ == policy::kReportsMax) return;
    if (record.activate) standing_.active = true;
    const policy::Report report = ReportOf(outcome);
    if (!record.served_arm.empty() && !report.served) {
      standing_.served_unknown = true;
      return;
    }
    all_[reports_++] = report;
    Settle(policy::Judge(std::span(all_.data(), reports_)));
    if (IsExcluded(rules_, std::nullopt, outcome.position)) return;
    learnt_[lessons_] = report;
    positions_[lessons_++] = outcome.position;
    Learn(outcome.position);
  }

  const Standing& standing() const { return standing_; }

 private:
  policy::Report ReportOf(const store::PlacedOutcome& outcome) const {
    const store::OutcomeRecord& record = outcome.record;
    const RouterDefinition& definition = rules_.definition;
    policy::Report report;
    const auto source = definition.sources.find(record.source);
    if (source != definition.sources.end()) {
      report.source = source->second.id;
      report.source_weight = source->second.weight;
    } else {
      // Configured when it was accepted, and no longer: it says nothing now.
      report.source = static_cast<std::uint16_t>(definition.sources.size());
      report.source_weight = 0;
    }
    report.stands_in = record.source == store::kTimerSource;
    if (report.stands_in) report.source_weight = definition.options.feedback.default_weight;
    report.revoked = record.revoked;
    report.seq = record.seq;
    report.time_us = record.occurred_us.value_or(record.received_us);
    report.event_id = record.event_id;
    const auto served = definition.arm_ids.find(record.served_arm);
    // An arm that came to the router later was unknown when this was folded, and stays so.
    if (served != definition.arm_ids.end() &&
        rules_.prices[served->second].front().from < outcome.position) {
      report.served = served->second;
    }
    report.signals = SignalsOf(record);
    return report;
  }

  // The facts, whether they are learnt or not.
  void Settle(const policy::Verdict& verdict) {
    standing_.served = verdict.served.value_or(story_.decision.arm);
    standing_.spoken = standing_.spoken || verdict.quality.has_value();
    const auto prices = PricesAt(rules_, standing_.served, story_.position);
    standing_.billed_usd = policy::CostUsdOf(verdict.facts, prices);
    if (standing_.billed_usd) standing_.settled = true;
    standing_.latency_s.reset();
    if (verdict.facts.latency_ms && *verdict.facts.latency_ms > 0) {
      standing_.latency_s = *verdict.facts.latency_ms * 1e-3;
    }
  }

  // What is learnt is about the arm that served, whichever report said so: an arm that was reset
  // loses it all, and another arm nothing.
  void Learn(Position position) {
    // Who answered is a fact, told while learning was frozen or not.
    const policy::ArmId arm = standing_.served;
    std::array<policy::Report, policy::kReportsMax> kept;
    std::size_t count = 0;
    for (std::size_t i = 0; i < lessons_; ++i) {
      if (!IsExcluded(rules_, arm, positions_[i])) kept[count++] = learnt_[i];
    }
    const policy::Verdict verdict = policy::Judge(std::span(kept.data(), count));
    LearnQuality(verdict, arm, position);
    LearnCost(verdict, arm);
  }

  void LearnQuality(const policy::Verdict& verdict, policy::ArmId arm, Position position) {
    std::optional<QualityStanding> after;
    if (verdict.quality) {
      double weight = verdict.quality->weight;
      // Overrides select hard prompts.
      if (!story_.decision.learnable) weight *= rules_.definition.options.feedback.override_weight;
      if (weight > 0) after = {arm, verdict.quality->value, weight, position};
    }
    auto& standing = standing_.quality;
    if (after && standing && standing->arm == arm) after->since = standing->since;
    if (after) {
      if (standing_.had_quality && standing != after) standing_.quality_changed = true;
      standing_.had_quality = true;
    }
    standing = after;
  }

  void LearnCost(const policy::Verdict& verdict, policy::ArmId arm) {
    standing_.cost.reset();
    const auto prices = PricesAt(rules_, arm, story_.position);
    const auto usd = policy::CostUsdOf(verdict.facts, prices);
    const bool chosen = arm == story_.decision.arm && story_.decision.list_price_usd > 0;
    const double list_price = chosen ? story_.decision.list_price_usd : Blended(prices);
    // A call that cost nothing says nothing about what the arm costs when it answers.
    if (!usd || *usd == 0 || !(list_price > 0)) return;
    const double log_ratio = std::log(*usd) - std::log(list_price);
    standing_.cost = {arm, std::clamp(log_ratio, -kLogRatioMax, kLogRatioMax)};
  }

  const LessonRules& rules_;
  const store::DecisionStory& story_;
  Standing standing_;
  std::array<policy::Report, policy::kReportsMax> all_;
  std::array<policy::Report, policy::kReportsMax> learnt_;  // those not excluded for every arm
  std::array<Position, policy::kReportsMax> positions_{};   // of these
  std::size_t reports_ = 0;
  std::size_t lessons_ = 0;
};

}  // namespace

std::uint64_t RevisionWindowUs(const RouterDefinition& definition) {
  return definition.options.feedback.revision_days * kDayUs;
}

bool Closed(const RouterDefinition& definition, const store::DecisionRecord& decision,
            std::uint64_t now_us) {
  return now_us > decision.time_us + RevisionWindowUs(definition);
}

Standing StandingAt(const LessonRules& rules, const store::DecisionStory& story, Position end) {
  Walk walk(rules, story);
  for (const store::PlacedOutcome& outcome : story.outcomes) {
    if (outcome.position > end) break;
    walk.Take(outcome);
  }
  return walk.standing();
}

std::string_view LessonState(const Standing& standing, bool closed) {
  if (closed) return "closed";
  if (!standing.had_quality) return "open";
  if (!standing.quality) return "voided";
  return standing.quality_changed ? "revised" : "contributed";
}

policy::Signals SignalsOf(const store::OutcomeRecord& outcome) {
  policy::Signals signals;
  signals.reward = outcome.reward;
  if (outcome.thumb) signals.thumb = *outcome.thumb;
  signals.score = outcome.score;
  signals.task_success = outcome.task_success;
  signals.regenerated = outcome.regenerated;
  signals.cost_usd = outcome.cost_usd;
  signals.latency_ms = outcome.latency_ms;
  signals.input_tokens = outcome.input_tokens;
  signals.cached_input_tokens = outcome.cached_input_tokens;
  signals.output_tokens = outcome.output_tokens;
  signals.reasoning_tokens = outcome.reasoning_tokens;
  return signals;
}

}  // namespace sluice::daemon
