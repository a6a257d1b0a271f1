#include "policy/model.h"

#include <array>
#include <utility>

#include "policy/bytes.h"
#include "policy/check.h"

namespace sluice::policy {
namespace {

constexpr std::uint32_t kMagic = 0x4D4C5353;  // "SSLM" on disk
constexpr std::uint32_t kModelVersion = 1;

RidgePrior PriorOf(const ModelOptions& options, double bias_mean) {
  RidgePrior prior;
  prior.precision.assign(options.dimension, options.feature_precision);
  prior.precision.back() = options.bias_precision;
  prior.mean.assign(options.dimension, 0.0);
  prior.mean.back() = bias_mean;
  prior.a0 = options.noise_shape;
  prior.b0 = options.noise_scale;
  return prior;
}

const ModelOptions& Checked(const ModelOptions& options) {
  Check(options.dimension > 0 && options.dimension <= kContextMax,
        "a model has 1 to kContextMax dimensions");
  Check(options.feature_precision > 0 && options.bias_precision > 0 && options.noise_shape > 0 &&
            options.noise_scale > 0,
        "a prior is proper");
  return options;
}

// The order is part of the format on disk.
std::array<double, 6> Numbers(const ModelOptions& options) {
  return {options.feature_precision,   options.bias_precision, options.quality_mean,
          options.cost_log_ratio_mean, options.noise_shape,    options.noise_scale};
}

void AppendHeader(std::string& out, const ModelOptions& options, std::size_t arms) {
  AppendValue(out, kMagic);
  AppendValue(out, kModelVersion);
  AppendValue(out, static_cast<std::uint64_t>(options.dimension));
  AppendDoubles(out, Numbers(options));
  AppendValue(out, static_cast<std::uint32_t>(arms));
}

// The number of arms; empty when the header is not one that AppendHeader writes for `options`.
std::optional<std::size_t> TakeHeader(std::string_view& in, const ModelOptions& options) {
  std::string expected;
  AppendHeader(expected, options, 0);
  expected.resize(expected.size() - sizeof(std::uint32_t));
  std::uint32_t arms = 0;
  if (!in.starts_with(expected)) {
    return std::nullopt;
  }
  in.remove_prefix(expected.size());
  if (!TakeValue(in, arms) || arms > kArmsMax) {
    return std::nullopt;
  }
  return arms;
}

// Replaces `factor` if the statistics can be factored; says whether they could.
bool Refactor(const RidgeStatistics& statistics, const RidgePrior& prior,
              std::shared_ptr<const RidgeFactor>& factor) {
  std::optional<RidgeFactor> derived = RidgeFactor::Derive(statistics, prior);
  if (derived) {
    factor = std::make_shared<const RidgeFactor>(std::move(*derived));
  }
  return derived.has_value();
}

}  // namespace

Model::Model(const ModelOptions& options)
    : options_(Checked(options)),
      quality_prior_(PriorOf(options, options.quality_mean)),
      cost_prior_(PriorOf(options, options.cost_log_ratio_mean)) {}

ArmId Model::AddArm() {
  Check(arms_.size() < kArmsMax, "a router has at most kArmsMax arms");
  arms_.push_back({.quality = RidgeStatistics(options_.dimension),
                   .cost = RidgeStatistics(options_.dimension),
                   .derived = {}});
  return static_cast<ArmId>(arms_.size() - 1);
}

void Model::Update(const Example& example) {
  Check(example.arm < arms_.size(), "an example is of an arm that exists");
  Check(example.context != nullptr, "an example has a context");
  Arm& arm = arms_[example.arm];
  if (example.quality) {
    arm.quality.Add(*example.context, *example.quality, example.weight);
    arm.quality_changed = true;
  }
  if (example.cost_log_ratio) {
    // What an answer cost is a fact: it counts in full, however far its quality is trusted.
    arm.cost.Add(*example.context, *example.cost_log_ratio, 1);
    arm.cost_changed = true;
  }
}

std::shared_ptr<const Posterior> Model::Derive() {
  std::vector<ArmPosterior> derived;
  derived.reserve(arms_.size());
  quarantined_ = 0;
  for (Arm& arm : arms_) {
    if (arm.quality_changed) {
      arm.quality_changed = !Refactor(arm.quality, quality_prior_, arm.derived.quality);
    }
    if (arm.cost_changed) {
      arm.cost_changed = !Refactor(arm.cost, cost_prior_, arm.derived.cost);
    }
    if (arm.quality_changed || arm.cost_changed) {
      ++quarantined_;
    }
    arm.derived.quality_count = arm.quality.count();
    arm.derived.cost_count = arm.cost.count();
    derived.push_back(arm.derived);
  }
  return std::make_shared<const Posterior>(std::move(derived));
}

std::string Model::Serialise() const {
  std::string out;
  AppendHeader(out, options_, arms_.size());
  for (const Arm& arm : arms_) {
    arm.quality.Serialise(out);
    arm.cost.Serialise(out);
  }
  return out;
}

std::optional<Model> Model::Restore(std::string_view bytes, const ModelOptions& options) {
  const std::optional<std::size_t> arms = TakeHeader(bytes, options);
  if (!arms) {
    return std::nullopt;
  }
  Model model(options);
  for (std::size_t i = 0; i < *arms; ++i) {
    std::optional<RidgeStatistics> quality = RidgeStatistics::Restore(bytes, options.dimension);
    std::optional<RidgeStatistics> cost =
        quality ? RidgeStatistics::Restore(bytes, options.dimension) : std::nullopt;
    if (!cost) {
      return std::nullopt;
    }
    model.arms_.push_back(
        {.quality = std::move(*quality), .cost = std::move(*cost), .derived = {}});
  }
  if (!bytes.empty()) {
    return std::nullopt;
  }
  // Positive definite is what a checkpoint must be; the factors are wanted next anyway.
  model.Derive();
  if (model.quarantined() > 0) {
    return std::nullopt;
  }
  return model;
}

}  // namespace sluice::policy
