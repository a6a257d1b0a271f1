#include "sim/feedback_model.h"

#include <cmath>

#include "policy/rng.h"

namespace sluice::sim {
namespace {

constexpr std::uint64_t kDelayStream = 0x64656c6179;  // "delay"
constexpr std::uint64_t kRatedStream = 0x7261746564;  // "rated"
constexpr std::uint64_t kClaimStream = 0x636c61696d;  // "claim", plus the source's number

double Uniform(const TaskKey& key, std::uint64_t stream) {
  return policy::RandomUniform(key.seed, key.task, stream);
}

}  // namespace

std::size_t DelayOf(const FeedbackModel& model, const TaskKey& key) {
  if (model.delay == 0 || model.delay_kind == DelayKind::kFixed) return model.delay;
  const double u = Uniform(key, kDelayStream);
  const auto mean = static_cast<double>(model.delay);
  if (model.delay_kind == DelayKind::kUniform) {
    return static_cast<std::size_t>(u * (2 * mean + 1));
  }
  // P(at least k) = (mean / (mean + 1))^k.
  return static_cast<std::size_t>(std::log1p(-u) / std::log(mean / (mean + 1)));
}

bool IsRated(const FeedbackModel& model, const TaskKey& key, double reward) {
  const double spoken = model.complaints + reward * (model.praise - model.complaints);
  return Uniform(key, kRatedStream) < (1 - model.censored) * spoken;
}

std::optional<double> ClaimOf(const FeedbackModel& model, std::size_t source, const TaskKey& key,
                              std::size_t arm, double reward) {
  const PoisonedSource& from = model.sources[source];
  if (Uniform(key, kClaimStream + source) >= from.share) return std::nullopt;
  if (from.rule == ClaimRule::kInvert) return 1 - reward;
  return arm == from.arm ? 1 : 0;
}

}  // namespace sluice::sim
