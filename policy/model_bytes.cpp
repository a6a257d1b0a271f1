// A model to bytes and back: everything that the fold goes on from, and no cache.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include "policy/bytes.h"
#include "policy/model.h"

namespace sluice::policy {
namespace {

constexpr std::uint32_t kMagic = 0x4D4C5353;  // "SSLM" on disk
constexpr std::uint32_t kModelVersion = 4;

// The order is part of the format on disk.
std::array<double, 13> Numbers(const ModelOptions& options) {
  const DriftOptions& drift = options.drift;
  return {options.feature_precision,
          options.bias_precision,
          options.quality_mean,
          options.cost_log_ratio_mean,
          options.noise_shape,
          options.noise_scale,
          drift.detect ? 1.0 : 0.0,
          drift.slack,
          drift.threshold,
          static_cast<double>(drift.reset_bits),
          static_cast<double>(drift.cool_down),
          drift.freeze_share,
          static_cast<double>(drift.freeze_labels)};
}

void AppendHeader(std::string& out, const ModelOptions& options) {
  AppendValue(out, kMagic);
  AppendValue(out, kModelVersion);
  AppendValue(out, static_cast<std::uint64_t>(options.dimension));
  AppendValue(out, options.half_life);
  AppendDoubles(out, Numbers(options));
}

// False when the header is not the one that AppendHeader writes for `options`.
bool TakeHeader(std::string_view& in, const ModelOptions& options) {
  std::string expected;
  AppendHeader(expected, options);
  if (!in.starts_with(expected)) {
    return false;
  }
  in.remove_prefix(expected.size());
  return true;
}

void AppendRegression(std::string& out, const Regression& regression) {
  AppendDoubles(out, regression.prior()->mean);
  regression.sums().Serialise(out);
}

std::optional<Regression> TakeRegression(std::string_view& in,
                                         const std::shared_ptr<const RidgePrior>& cold) {
  std::vector<double> mean(cold->mean.size());
  if (!TakeDoubles(in, mean)) {
    return std::nullopt;
  }
  for (double entry : mean) {
    if (!std::isfinite(entry)) {
      return std::nullopt;
    }
  }
  std::optional<RidgeStatistics> sums = RidgeStatistics::Restore(in, mean.size());
  if (!sums) {
    return std::nullopt;
  }
  // Bit by bit: a zero with another sign is another mean.
  if (std::memcmp(mean.data(), cold->mean.data(), mean.size() * sizeof(double)) == 0) {
    return Regression(cold, std::move(sums));
  }
  RidgePrior prior = *cold;
  prior.mean = std::move(mean);
  return Regression(std::make_shared<const RidgePrior>(std::move(prior)), std::move(sums));
}

bool TakeCusum(std::string_view& in, const DriftOptions& drift, Cusum& cusum) {
  const auto below_alarm = [&](double sum) { return sum >= 0 && sum <= drift.threshold; };
  return TakeValue(in, cusum.up) && TakeValue(in, cusum.down) && below_alarm(cusum.up) &&
         below_alarm(cusum.down);
}

}  // namespace

std::string Model::Serialise() const {
  std::string out;
  AppendHeader(out, options_);
  for (std::uint64_t counter : {clock_.tick(), clock_.landmark(), lessons_, labels_, next_since_,
                                std::uint64_t{arms_.size()}}) {
    AppendValue(out, counter);
  }
  for (const Arm& arm : arms_) {
    std::string bytes;
    AppendArm(bytes, arm);
    AppendValue(out, static_cast<std::uint64_t>(bytes.size()));
    out += bytes;
  }
  return out;
}

void Model::AppendArm(std::string& out, const Arm& arm) const {
  AppendRegression(out, arm.quality);
  AppendRegression(out, arm.cost);
  arm.calibration.Serialise(out);
  arm.latency.Serialise(out);
  AppendValue(out, arm.cusum.up);
  AppendValue(out, arm.cusum.down);
  arm.resets.Serialise(out);
  AppendValue(out, arm.cool_down);
  AppendValue(out, arm.alarms);
  AppendValue(out, arm.last_alarm);
  AppendValue(out, arm.last_label);
  AppendValue(out, static_cast<std::uint8_t>(arm.former ? 1 : 0));
  if (arm.former) {
    AppendRegression(out, arm.former->quality);
    arm.former->resets.Serialise(out);
    AppendValue(out, arm.former->until);
    AppendValue(out, arm.former->recurrence.sum);
  }
}

// False when the bytes at the front of `in` say nothing possible of what is not in force.
bool Model::TakeFormer(std::string_view& in, std::optional<Former>& former) const {
  std::uint8_t any = 0;
  if (!TakeValue(in, any) || any > 1) {
    return false;
  }
  if (any == 0) {
    return true;
  }
  std::optional<Regression> quality = TakeRegression(in, quality_prior_);
  if (!quality) {
    return false;
  }
  former = Former{std::move(*quality), {}, 0, {}};
  return former->resets.Restore(in, next_since_ + 1) && TakeValue(in, former->until) &&
         former->until <= next_since_ && TakeValue(in, former->recurrence.sum) &&
         former->recurrence.sum >= 0 && std::isfinite(former->recurrence.sum);
}

std::optional<Model::Arm> Model::TakeArm(std::string_view in) const {
  std::optional<Regression> quality = TakeRegression(in, quality_prior_);
  std::optional<Regression> cost = quality ? TakeRegression(in, cost_prior_) : std::nullopt;
  if (!cost) {
    return std::nullopt;
  }
  Arm arm{.quality = std::move(*quality), .cost = std::move(*cost)};
  const bool whole = arm.calibration.Restore(in) && arm.latency.Restore(in) &&
                     TakeCusum(in, options_.drift, arm.cusum) &&
                     arm.resets.Restore(in, next_since_ + 1) && TakeValue(in, arm.cool_down) &&
                     TakeValue(in, arm.alarms) && TakeValue(in, arm.last_alarm) &&
                     TakeValue(in, arm.last_label) && TakeFormer(in, arm.former) && in.empty();
  const bool sane = arm.cool_down <= options_.drift.cool_down && arm.alarms <= lessons_ &&
                    arm.last_alarm <= lessons_ && arm.last_label <= lessons_;
  return whole && sane ? std::optional(std::move(arm)) : std::nullopt;
}

bool Model::TakeCounters(std::string_view& in) {
  std::uint64_t tick = 0;
  std::uint64_t landmark = 0;
  if (!TakeValue(in, tick) || !TakeValue(in, landmark) || !TakeValue(in, lessons_) ||
      !TakeValue(in, labels_) || !TakeValue(in, next_since_)) {
    return false;
  }
  const std::optional<Forgetting> clock = Forgetting::At(options_.half_life, tick, landmark);
  if (!clock || labels_ > lessons_) {
    return false;
  }
  clock_ = *clock;
  return true;
}

bool Model::TakeArms(std::string_view in) {
  std::uint64_t arms = 0;
  if (!TakeValue(in, arms) || arms > kArmsMax) {
    return false;
  }
  for (std::uint64_t i = 0; i < arms; ++i) {
    std::uint64_t size = 0;
    if (!TakeValue(in, size) || size > in.size()) {
      return false;
    }
    std::optional<Arm> arm = TakeArm(in.substr(0, size));
    in.remove_prefix(size);
    if (!arm || !arm->quality.Refresh(clock_, 0) || !arm->cost.Refresh(clock_, 0)) {
      return false;
    }
    if (arm->former && arm->former->quality.Solution(clock_) == nullptr) {
      return false;
    }
    arms_.push_back(std::move(*arm));
  }
  return in.empty();
}

std::optional<Model> Model::Restore(std::string_view bytes, const ModelOptions& options) {
  Model model(options);
  if (!TakeHeader(bytes, options) || !model.TakeCounters(bytes) || !model.TakeArms(bytes)) {
    return std::nullopt;
  }
  return model;
}

}  // namespace sluice::policy
