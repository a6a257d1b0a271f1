// The learner's folded state as bytes, for checkpoints and for comparing two folds:
// [u32 format | u64 position | 16 bytes newest decision | u32 routers], then a
// router each: [router record | model | tally], strings with a u32 length before them.
// Little-endian.
#include <cmath>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/learner.h"
#include "daemon/metrics.h"
#include "store/bytes.h"

namespace sluice::daemon {

namespace {

constexpr std::uint32_t kStateFormat = 1;

void PutTally(store::ByteWriter& out, const RouterTally& tally) {
  out.Put(tally.decisions);
  out.Put(tally.explored);
  out.Put(tally.exploration_sum);
  out.Put(tally.sequence_next);
  out.PutCount(tally.arms.size());
  for (const auto& arm : tally.arms) {
    out.Put(arm.decisions);
    out.Put(arm.rewards);
    out.Put(arm.reward_sum);
    out.Put(arm.costs);
    out.Put(arm.cost_usd_sum);
  }
}

// A sum that is no number fails the reader.
double GetSum(store::ByteReader& in) {
  const auto sum = in.Get<double>();
  if (!std::isfinite(sum) || sum < 0) in.Fail();
  return sum;
}

RouterTally GetTally(store::ByteReader& in) {
  RouterTally tally;
  tally.decisions = in.Get<std::uint64_t>();
  tally.explored = in.Get<std::uint64_t>();
  tally.exploration_sum = GetSum(in);
  tally.sequence_next = in.Get<std::uint64_t>();
  tally.arms.resize(in.GetCount(sizeof(RouterTally::ArmTally)));
  for (auto& arm : tally.arms) {
    arm.decisions = in.Get<std::uint64_t>();
    arm.rewards = in.Get<std::uint64_t>();
    arm.reward_sum = GetSum(in);
    arm.costs = in.Get<std::uint64_t>();
    arm.cost_usd_sum = GetSum(in);
  }
  return tally;
}

}  // namespace

std::string Learner::State() const {
  store::ByteWriter out(1024);
  out.Put(kStateFormat);
  out.Put(position_);
  out.PutRaw(newest_decision_.bytes.data(), newest_decision_.bytes.size());
  out.PutCount(routers_.size());
  for (const RouterState& router : routers_) {
    out.PutString(router.record);
    out.PutString(router.model->Serialise());
    PutTally(out, router.tally);
  }
  return std::move(out).Take();
}

// False when the bytes are not whole or their parts do not fit each other; the state is then to be
// Reset.
bool Learner::RestoreState(std::string_view bytes) {
  store::ByteReader in(bytes);
  if (in.Get<std::uint32_t>() != kStateFormat) return false;
  position_ = in.Get<store::Position>();
  in.GetRaw(newest_decision_.bytes.data(), newest_decision_.bytes.size());
  const std::size_t routers = in.GetCount(1);
  if (routers > config::kRoutersMax) return false;
  for (std::size_t i = 0; i < routers; ++i) {
    const std::string record = in.GetString();
    const std::string model = in.GetString();
    if (!RestoreRouter(record, model, GetTally(in))) return false;
  }
  return in.Finished();
}

bool Learner::RestoreRouter(std::string_view record_bytes, std::string_view model_bytes,
                            RouterTally tally) {
  auto record = store::DecodeRecord(record_bytes);
  if (!record.ok()) return false;
  const auto* router = std::get_if<store::RouterRecord>(&*record);
  if (router == nullptr || !FoldRouter(*router).ok()) return false;
  RouterState& state = routers_[router->router];
  auto model = policy::Model::Restore(model_bytes, state.definition->model);
  if (!model || model->arms() != state.tally.arms.size() ||
      tally.arms.size() != state.tally.arms.size()) {
    return false;
  }
  *state.model = *std::move(model);
  state.tally = std::move(tally);
  return true;
}

void Learner::Reset() {
  routers_.clear();
  position_ = 0;
  newest_decision_ = {};
  contributions_ = 0;
  changed_ = true;
}

}  // namespace sluice::daemon
