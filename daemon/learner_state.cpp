// The learner's folded state as bytes, for checkpoints and for comparing two folds:
// [u32 format | u64 position | u64 newest time | 16 bytes newest decision | u32 routers], then a
// router each: [router record | model | tally], strings with a u64 length before them.
// Little-endian.
#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/learner.h"
#include "daemon/metrics.h"

namespace sluice::daemon {

namespace {

constexpr std::uint32_t kStateFormat = 1;

template <typename T>
void Put(std::string& out, T value) {
  static_assert(std::is_trivially_copyable_v<T>);
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void PutString(std::string& out, std::string_view text) {
  Put<std::uint64_t>(out, text.size());
  out.append(text);
}

// Takes from the front; once something is missing everything after it fails as well.
class Taker {
 public:
  explicit Taker(std::string_view bytes) : bytes_(bytes) {}

  template <typename T>
  T Take() {
    T value{};
    if (bytes_.size() < sizeof value) {
      whole_ = false;
      return value;
    }
    std::memcpy(&value, bytes_.data(), sizeof value);
    bytes_.remove_prefix(sizeof value);
    return value;
  }
  std::string_view TakeString() {
    const auto size = Take<std::uint64_t>();
    if (bytes_.size() < size) {
      whole_ = false;
      return {};
    }
    const std::string_view text = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return text;
  }
  bool whole() const { return whole_; }
  bool finished() const { return whole_ && bytes_.empty(); }

 private:
  std::string_view bytes_;
  bool whole_ = true;
};

void PutTally(std::string& out, const RouterTally& tally) {
  Put(out, tally.decisions);
  Put(out, tally.explored);
  Put(out, tally.exploration_sum);
  Put(out, tally.sequence_next);
  Put<std::uint32_t>(out, static_cast<std::uint32_t>(tally.arms.size()));
  for (const auto& arm : tally.arms) {
    Put(out, arm.decisions);
    Put(out, arm.rewards);
    Put(out, arm.reward_sum);
    Put(out, arm.costs);
    Put(out, arm.cost_usd_sum);
  }
}

RouterTally TakeTally(Taker& taker) {
  RouterTally tally;
  tally.decisions = taker.Take<std::uint64_t>();
  tally.explored = taker.Take<std::uint64_t>();
  tally.exploration_sum = taker.Take<double>();
  tally.sequence_next = taker.Take<std::uint64_t>();
  const auto arms = std::min<std::size_t>(taker.Take<std::uint32_t>(), policy::kArmsMax);
  tally.arms.resize(arms);
  for (auto& arm : tally.arms) {
    arm.decisions = taker.Take<std::uint64_t>();
    arm.rewards = taker.Take<std::uint64_t>();
    arm.reward_sum = taker.Take<double>();
    arm.costs = taker.Take<std::uint64_t>();
    arm.cost_usd_sum = taker.Take<double>();
  }
  return tally;
}

}  // namespace

std::string Learner::State() const {
  std::string out;
  Put(out, kStateFormat);
  Put(out, position_);
  Put(out, newest_time_us_);
  out.append(reinterpret_cast<const char*>(newest_decision_.bytes.data()),
             newest_decision_.bytes.size());
  Put<std::uint32_t>(out, static_cast<std::uint32_t>(routers_.size()));
  for (const RouterState& router : routers_) {
    PutString(out, router.record);
    PutString(out, router.model->Serialise());
    PutTally(out, router.tally);
  }
  return out;
}

// False when the bytes are not whole or their parts do not fit each other; the state is then to be
// Reset.
bool Learner::RestoreState(std::string_view bytes) {
  Taker taker(bytes);
  if (taker.Take<std::uint32_t>() != kStateFormat) return false;
  position_ = taker.Take<store::Position>();
  newest_time_us_ = taker.Take<std::uint64_t>();
  newest_decision_.bytes = taker.Take<decltype(newest_decision_.bytes)>();
  const auto routers = taker.Take<std::uint32_t>();
  if (!taker.whole() || routers > config::kRoutersMax) return false;
  for (std::uint32_t i = 0; i < routers; ++i) {
    const std::string_view record = taker.TakeString();
    const std::string_view model = taker.TakeString();
    if (!RestoreRouter(record, model, TakeTally(taker)) || !taker.whole()) return false;
  }
  return taker.finished();
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
  newest_time_us_ = 0;
  newest_decision_ = {};
  contributions_ = 0;
  changed_ = true;
}

}  // namespace sluice::daemon
