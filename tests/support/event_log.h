// A log written by hand: decisions of a small router on embeddings and events about them, in any
// order that a test wants, without a Router in between.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "daemon/ids.h"
#include "daemon/learner.h"
#include "daemon/metrics.h"
#include "daemon/roster.h"
#include "daemon/snapshot.h"
#include "policy/rng.h"
#include "store/store.h"
#include "tests/support/forwarding_store.h"

namespace sluice::tests {

inline constexpr std::uint64_t kLogStartUs = 1'700'000'000'000'000;
inline constexpr std::size_t kLogDimension = 8;

// A router whose contexts are embeddings of 8 numbers, as they are.
inline config::RouterOptions SmallRouter() {
  config::RouterOptions router = config::Defaults().routers[0];
  router.context = {.source = policy::ContextSource::kEmbedding,
                    .projection = policy::Projection::kNone,
                    .dimension = kLogDimension};
  router.sources = {{.name = "survey", .weight = 0.4}, {.name = "mute", .weight = 0}};
  return router;
}

inline config::Options With(const config::RouterOptions& router) {
  config::Options options = config::Defaults();
  options.routers = {router};
  return options;
}

// The number-th decision of router 0: a context of length 1 and a bias, a second after the last.
inline store::DecisionRecord DecisionNumber(std::uint64_t number, policy::Rng& rng,
                                            std::size_t arms = 3) {
  store::DecisionRecord record;
  daemon::IdSource ids(1, number);
  record.time_us = kLogStartUs + number * 1'000'000;
  record.id = ids.Next(record.time_us);
  record.sequence = number;
  record.tick = number;
  record.policy_version = 1;
  record.arm = static_cast<std::uint16_t>(rng.Below(arms));
  record.greedy_arm = 0;
  double square = 0;
  for (std::size_t i = 0; i < kLogDimension; ++i) {
    record.context.push_back(static_cast<float>(rng.Normal()));
    square += record.context[i] * record.context[i];
  }
  for (float& value : record.context) value /= static_cast<float>(std::sqrt(square));
  record.context.push_back(1);
  record.eligible = (1U << arms) - 1;
  for (std::uint16_t arm = 0; arm < arms; ++arm) {
    record.shares.push_back({.arm = arm,
                             .probability_q32 = policy::kProbabilityOne / arms,
                             .mean = 0.5F,
                             .width = 0.1F,
                             .expected_cost_usd = 0.001F * static_cast<float>(arm + 1)});
  }
  record.list_price_usd = 0.001 * (record.arm + 1);
  return record;
}

// A learner over a log, with all that it needs.
class LearnerOver {
 public:
  explicit LearnerOver(
      store::Store& store, daemon::Clock clock = [] { return kLogStartUs; })
      : learner_(store, board_, metrics_, {}, std::move(clock)) {
    ok = learner_.Recover().ok();
  }
  daemon::Learner& operator*() { return learner_; }
  daemon::Learner* operator->() { return &learner_; }
  daemon::SnapshotBoard& board() { return board_; }
  bool SetAsideNothing() const {
    return metrics_.Render(nullptr, {}).find("sluice_checkpoints_set_aside_total 0") !=
           std::string::npos;
  }

  bool ok = false;

 private:
  daemon::SnapshotBoard board_{1};
  daemon::Metrics metrics_{1};
  daemon::Learner learner_;
};

// The same log without its checkpoints.
class WithoutCheckpoints final : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  store::Result<Checkpoints> LoadCheckpoints() const override { return Checkpoints{}; }
};

// The log up to a position, as if the daemon had stopped there.
inline std::unique_ptr<store::Store> UpTo(store::Store& store, store::Position end) {
  auto copy = store::MakeMemoryStore();
  const auto entries = store.Read(0, static_cast<std::size_t>(end));
  for (const store::LogEntry& entry : *entries) {
    if (const auto* decision = std::get_if<store::DecisionRecord>(&entry.record)) {
      copy->AppendDecision(*decision);
    } else if (const auto* outcome = std::get_if<store::OutcomeRecord>(&entry.record)) {
      copy->AppendOutcomes({*outcome}, [](const auto&) {});
    } else if (const auto* router = std::get_if<store::RouterRecord>(&entry.record)) {
      (void)copy->AppendRouter(*router);
    } else {
      (void)copy->AppendAdmin(std::get<store::AdminRecord>(entry.record));
    }
  }
  return copy;
}

// What one uninterrupted fold of the log from nothing gives.
inline std::string FoldedFromNothing(store::Store& store) {
  WithoutCheckpoints log(store);
  LearnerOver again(log);
  return again.ok ? again->State() : std::string();
}

// An arm's solutions as another model sees them that starts from its statistics.
struct Thetas {
  std::vector<double> quality;
  std::vector<double> cost;
};

inline Thetas ThetasOf(const daemon::Learner& learner, const policy::ModelOptions& options,
                       policy::ArmId arm) {
  // Behind the mark of the space that they are of.
  auto bytes = learner.ArmStatistics(0, arm);
  if (bytes) bytes->erase(0, sizeof(std::uint64_t));
  policy::Model model(options);
  if (!bytes || !model.AddArm({.from = policy::ArmStart::From::kStatistics,
                               .others = {},
                               .arm = 0,
                               .statistics = *bytes,
                               .strength = 1e15})) {
    return {};
  }
  const policy::ArmHeads heads = model.Heads(0);
  if (heads.quality == nullptr || heads.cost == nullptr) return {};
  return {heads.quality->theta, heads.cost->theta};
}

inline double Distance(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size() || a.empty()) return 1e300;
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
  return most;
}

inline double Distance(const Thetas& a, const Thetas& b) {
  return std::max(Distance(a.quality, b.quality), Distance(a.cost, b.cost));
}

}  // namespace sluice::tests
