// A test as bytes, for checkpoints: [level | verdict | counts | three processes | integrity |
// u32 waiting | waiting decisions].
#include <type_traits>

#include "policy/bytes.h"
#include "policy/promotion.h"

namespace sluice::policy {
namespace {

// Every number of the counts, in the order of the bytes.
template <typename Counts, typename Visit>
bool VisitCounts(Counts& counts, Visit&& visit) {
  return visit(counts.decisions) && visit(counts.labels) && visit(counts.missing) &&
         visit(counts.weights) && visit(counts.squares) && visit(counts.gain) &&
         visit(counts.cost_usd) && visit(counts.other_cost_usd) && visit(counts.dearest_usd) &&
         visit(counts.variance) && visit(counts.unsupported) && visit(counts.asked) &&
         visit(counts.first_us) && visit(counts.last_us);
}

template <typename Stakes, typename Visit>
bool VisitStake(Stakes& stake, Visit&& visit) {
  return visit(stake.weight) && visit(stake.shift) && visit(stake.baseline);
}

template <typename Decision, typename Visit>
bool VisitWaiting(Decision& waiting, Visit&& visit) {
  return visit(waiting.key) && visit(waiting.time_us) && visit(waiting.session) &&
         VisitStake(waiting.quality, visit) && VisitStake(waiting.loss, visit);
}

}  // namespace

void PromotionTest::Serialise(std::string& out) const {
  const auto append = [&](auto value) {
    AppendValue(out, value);
    return true;
  };
  append(level_);
  append(static_cast<std::uint8_t>(verdict_));
  VisitCounts(counts_, append);
  for (const BettingProcess* process : {&quality_, &cost_, &worse_}) {
    process->Serialise(out);
  }
  integrity_.Serialise(out);
  append(static_cast<std::uint32_t>(waiting_.size()));
  for (const Waiting& waiting : waiting_) {
    VisitWaiting(waiting, append);
    append(waiting.closed);
    append(waiting.value.has_value());
    append(waiting.value.value_or(0));
  }
}

std::optional<PromotionTest> PromotionTest::Restore(std::string_view& in, Kind kind,
                                                    const PromotionOptions& options) {
  PromotionTest test(kind, options, 1);
  const auto take = [&](auto& value) { return TakeValue(in, value); };
  std::uint8_t verdict = 0;
  if (!take(test.level_) || !(test.level_ > 0) || !take(verdict) ||
      verdict > static_cast<std::uint8_t>(PromotionVerdict::kWorse) ||
      !VisitCounts(test.counts_, take)) {
    return std::nullopt;
  }
  test.verdict_ = static_cast<PromotionVerdict>(verdict);
  for (BettingProcess* process : {&test.quality_, &test.cost_, &test.worse_}) {
    auto restored = BettingProcess::Restore(in);
    if (!restored) {
      return std::nullopt;
    }
    *process = *std::move(restored);
  }
  const auto integrity = Integrity::Restore(in);
  if (!integrity) {
    return std::nullopt;
  }
  test.integrity_ = *integrity;
  std::uint32_t waiting = 0;
  if (!take(waiting)) {
    return std::nullopt;
  }
  for (std::uint32_t i = 0; i < waiting; ++i) {
    Waiting& entry = test.waiting_.emplace_back();
    bool has_value = false;
    double value = 0;
    if (!VisitWaiting(entry, take) || !take(entry.closed) || !take(has_value) || !take(value)) {
      return std::nullopt;
    }
    if (has_value) {
      entry.value = value;
    }
  }
  return test;
}

}  // namespace sluice::policy
