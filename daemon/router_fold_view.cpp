// What follows from the fold: the view that requests read, timers that are due, reports.
#include <algorithm>
#include <limits>
#include <utility>

#include "daemon/ids.h"
#include "daemon/router_fold.h"

namespace sluice::daemon {

namespace {

using store::Position;

constexpr std::uint64_t kSettleAfterUs = 3600ULL * 1000 * 1000;
constexpr std::uint64_t kYoungDecisions = 2000;  // whose labels may still be on their way
// A timer's record that the log did not take, or that does not come back from it, is given again.
constexpr std::uint64_t kFireAgainUs = 60ULL * 1000 * 1000;

bool MayFire(std::uint64_t fired_us, std::uint64_t now_us) {
  return fired_us == 0 || now_us >= fired_us + kFireAgainUs;
}

}  // namespace

RouterView RouterFold::View() {
  // The share of decisions that get a label, of those that had some time for it.
  double pending_weight = 0;
  if (CountsPending()) {
    const auto ripe = static_cast<double>(
        tally_.decisions - std::min<std::uint64_t>(tally_.decisions, kYoungDecisions));
    pending_weight = ripe == 0 ? 1 : std::min(1.0, static_cast<double>(tally_.labels) / ripe);
  }
  RouterView view;
  view.definition = definition_;
  view.posterior = model_->Derive(pending_weight);
  view.map = map_;
  view.counters = counters_;
  view.alarm_until_tick = alarm_until_tick_;
  view.frozen = frozen();
  for (std::size_t i = 0; i < model_->arms(); ++i) {
    view.alarms += model_->alarms(static_cast<policy::ArmId>(i));
  }
  const bool seeks = policy::IsRateAsked(definition_->policy.exploration.mode);
  const policy::ArmSet seekable = seeks ? definition_->choosable : policy::ArmSet();
  for (std::size_t i = 0; i < definition_->scopes.size(); ++i) {
    const ScopeState& scope = scopes_[i];
    scope.live->ledger.Publish(scope.ledger);
    view.scopes.push_back({.cost_weight = scope.pacer.cost_weight(),
                           .sought = scope.pacer.sought() & seekable,
                           .exploration_scale = scope.pacer.exploration_scale(),
                           .in_credit = scope.pacer.bank_usd() >= 0,
                           .bank_usd = scope.pacer.bank_usd(),
                           .target_usd = scope.pacer.target_usd(),
                           .live = scope.live});
  }
  const config::RouterOptions& options = definition_->options;
  view.exploration_cap = CapInForce();
  if (options.new_arm_share_max >= 1) return view;
  for (const policy::ArmId arm : definition_->choosable) {
    if (IsNew(arm)) view.new_arms.Add(arm);
  }
  return view;
}

bool RouterFold::IsNew(policy::ArmId arm) const {
  return arm >= founding_arms_ && tally_.arms[arm].labels < definition_->options.new_arm_labels;
}

std::vector<store::OutcomeRecord> RouterFold::DueTimers(std::uint64_t now_us,
                                                        std::size_t count_max) {
  std::vector<store::OutcomeRecord> due;
  const config::FeedbackOptions& feedback = definition_->options.feedback;
  const std::uint64_t default_after_us = feedback.default_after_s * 1'000'000ULL;
  const bool with_default = feedback.default_reward.has_value();
  // Rather than lose sight of money that is held back, it is settled early when too many wait.
  const bool crowded = open_.entries().size() > OpenDecisions::kOpenMax / 2;
  const std::uint64_t settle_after_us = crowded ? 0 : kSettleAfterUs;
  const std::uint64_t soonest =
      std::min(with_default ? default_after_us : ~std::uint64_t{0}, settle_after_us);
  for (OpenDecisions::Entry& entry : open_.entries()) {
    if (due.size() >= count_max || now_us < entry.time_us) break;
    const std::uint64_t age_us = now_us - entry.time_us;
    if (age_us < soonest) break;
    store::OutcomeRecord record;
    record.decision = entry.id;
    record.source = store::kTimerSource;
    record.received_us = now_us;
    const std::string id = FormatId(entry.id);
    if (!entry.settled && age_us >= settle_after_us && MayFire(entry.fired_settle_us, now_us)) {
      entry.fired_settle_us = now_us;
      record.event_id = std::string(kSettleEvent) + id;
      due.push_back(record);
    }
    if (with_default && entry.active && !entry.labelled && age_us >= default_after_us &&
        MayFire(entry.fired_default_us, now_us)) {
      entry.fired_default_us = now_us;
      record.event_id = std::string(kDefaultEvent) + id;
      record.occurred_us = entry.time_us + default_after_us;
      record.reward = feedback.default_reward;
      due.push_back(std::move(record));
    }
  }
  return due;
}

std::optional<store::RouterRecord> RouterFold::DuePrices(std::uint64_t now_us) const {
  const auto is_due = [&](const config::ArmOptions& arm) {
    return !arm.price_changes.empty() && arm.price_changes.front().from_us <= now_us;
  };
  const auto& arms = definition_->options.arms;
  if (!definition_->active || std::none_of(arms.begin(), arms.end(), is_due)) return std::nullopt;
  const auto due = WithDuePrices(definition_->options, now_us);
  auto record = MakeRecord(due, definition_->id, definition_.get());
  if (!record.ok()) return std::nullopt;
  record->time_us = now_us;
  return *std::move(record);
}

FoldReport RouterFold::MakeReport() const {
  FoldReport report;
  report.tally = tally_;
  report.frozen = frozen();
  report.quarantined = model_->quarantined();
  if (map_ != nullptr) {
    report.map_version = static_cast<std::uint32_t>(map_->version());
    report.map_components = map_->components();
    report.map_fitted_at = map_fitted_at_;
    report.input_shift = samples_.shift();
  }
  report.challengers = challengers_.Standings(*definition_, LabelRate());
  report.distinct_seen = samples_.distinct();
  for (std::size_t i = 0; i < definition_->scopes.size(); ++i) {
    report.ledgers.push_back(scopes_[i].ledger);
  }
  for (std::size_t i = 0; i < model_->arms(); ++i) {
    const auto arm = static_cast<policy::ArmId>(i);
    report.alarms.push_back(model_->alarms(arm));
    report.cost_ratios.push_back(model_->cost_ratio(arm));
    report.latencies_s.push_back(model_->latency_s(arm));
  }
  return report;
}

Standing RouterFold::StandingOf(const store::DecisionStory& story) const {
  return StandingAt(Rules(), story, std::numeric_limits<Position>::max() - 1);
}

}  // namespace sluice::daemon
