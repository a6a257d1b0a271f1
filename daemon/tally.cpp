#include "daemon/tally.h"

#include <cmath>

namespace sluice::daemon {

namespace {

// A sum that is no number fails the reader.
double GetSum(store::ByteReader& in) {
  const auto sum = in.Get<double>();
  if (!std::isfinite(sum)) in.Fail();
  return sum;
}

}  // namespace

void RouterTally::ForgetLabels() {
  labels = 0;
  for (ArmTally& arm : arms) {
    arm.labels = 0;
    arm.reward_sum = 0;
  }
}

void RouterTally::Serialise(store::ByteWriter& out) const {
  for (const std::uint64_t count : {decisions, explored, limited, audits, labels, sequence_next,
                                    tick_next, observed.decisions, observed.agreed}) {
    out.Put(count);
  }
  for (const double sum : {exploration_sum, observed.ours_cost_usd, observed.baseline_cost_usd,
                           observed.ours_quality, observed.baseline_quality}) {
    out.Put(sum);
  }
  out.PutCount(arms.size());
  for (const ArmTally& arm : arms) {
    out.Put(arm.decisions);
    out.Put(arm.labels);
    out.Put(arm.reward_sum);
    out.Put(arm.costs);
    out.Put(arm.cost_usd_sum);
  }
}

RouterTally RouterTally::Restore(store::ByteReader& in) {
  RouterTally tally;
  for (std::uint64_t* count : {&tally.decisions, &tally.explored, &tally.limited, &tally.audits,
                               &tally.labels, &tally.sequence_next, &tally.tick_next,
                               &tally.observed.decisions, &tally.observed.agreed}) {
    *count = in.Get<std::uint64_t>();
  }
  for (double* sum :
       {&tally.exploration_sum, &tally.observed.ours_cost_usd, &tally.observed.baseline_cost_usd,
        &tally.observed.ours_quality, &tally.observed.baseline_quality}) {
    *sum = GetSum(in);
  }
  tally.arms.resize(in.GetCount(sizeof(ArmTally)));
  for (ArmTally& arm : tally.arms) {
    arm.decisions = in.Get<std::uint64_t>();
    arm.labels = in.Get<std::uint64_t>();
    arm.reward_sum = GetSum(in);
    arm.costs = in.Get<std::uint64_t>();
    arm.cost_usd_sum = GetSum(in);
    if (arm.labels > tally.decisions || arm.reward_sum < 0 || arm.cost_usd_sum < 0) in.Fail();
  }
  return tally;
}

}  // namespace sluice::daemon
