// Logistic classifier: P(an arm's answer is good) from the context, as the classifiers of
// Ding et al., "Hybrid LLM", ICLR 2024, and Ong et al., "RouteLLM", arXiv 2406.18665, here one an
// arm. Fitted as in Bishop, "Pattern Recognition and Machine Learning", 4.3.3: Newton's method
// (iteratively reweighted least squares).

#include <algorithm>
#include <cmath>

#include "policy/check.h"
#include "policy/cholesky.h"
#include "policy/fitted.h"

namespace sluice::policy {
namespace {

constexpr int kNewtonStepsMax = 100;
constexpr int kHalvingsMax = 40;
constexpr double kGradientMax = 1e-12;  // a sample, where the search ends

double Sigmoid(double z) {
  return 1 / (1 + std::exp(-z));
}

// -ln of (sigmoid(z) to the target, 1 - sigmoid(z) to the rest).
double Loss(double z, double target) {
  return std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z))) - target * z;
}

double Dot(std::span<const double> weights, const Context& x) {
  double sum = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    sum = std::fma(weights[i], static_cast<double>(x[static_cast<Eigen::Index>(i)]), sum);
  }
  return sum;
}

class LogisticFit {
 public:
  LogisticFit(std::span<const LogisticSample> samples, std::span<const double> precision)
      : samples_(samples),
        precision_(precision),
        weights_(precision.size(), 0.0),
        objective_(Objective(weights_)) {}

  // Empty: the Hessian cannot be factored.
  std::optional<std::vector<double>> Run() {
    for (int i = 0; i < kNewtonStepsMax; ++i) {
      Differentiate();
      if (Largest(gradient_) <= kGradientMax * (1 + static_cast<double>(samples_.size()))) {
        break;
      }
      if (!FactorCholesky(hessian_, weights_.size())) {
        return std::nullopt;
      }
      SolveTransposed(hessian_, gradient_);
      SolveUpper(hessian_, gradient_);
      if (!Move()) {
        break;
      }
    }
    return weights_;
  }

 private:
  static double Largest(std::span<const double> values) {
    double largest = 0;
    for (const double value : values) {
      largest = std::max(largest, std::abs(value));
    }
    return largest;
  }

  double Objective(std::span<const double> weights) const {
    double sum = 0;
    for (const LogisticSample& sample : samples_) {
      sum += sample.weight * Loss(Dot(weights, *sample.context), sample.target);
    }
    for (std::size_t i = 0; i < weights.size(); ++i) {
      sum += precision_[i] * weights[i] * weights[i] / 2;
    }
    return sum;
  }

  void Differentiate() {
    const std::size_t d = weights_.size();
    gradient_.assign(d, 0.0);
    hessian_.assign(d * d, 0.0);
    for (const LogisticSample& sample : samples_) {
      const double p = Sigmoid(Dot(weights_, *sample.context));
      const double error = sample.weight * (p - sample.target);
      const double curvature = sample.weight * p * (1 - p);
      for (std::size_t i = 0; i < d; ++i) {
        const double x = (*sample.context)[static_cast<Eigen::Index>(i)];
        gradient_[i] += error * x;
        for (std::size_t j = i; j < d; ++j) {
          hessian_[i * d + j] +=
              curvature * x * static_cast<double>((*sample.context)[static_cast<Eigen::Index>(j)]);
        }
      }
    }
    for (std::size_t i = 0; i < d; ++i) {
      gradient_[i] += precision_[i] * weights_[i];
      hessian_[i * d + i] += precision_[i];
    }
  }

  // Against the step that stands in gradient_. False: nowhere on it is better, to rounding.
  bool Move() {
    double part = 1;
    for (int i = 0; i < kHalvingsMax; ++i, part /= 2) {
      std::vector<double> moved = weights_;
      for (std::size_t j = 0; j < moved.size(); ++j) {
        moved[j] -= part * gradient_[j];
      }
      const double objective = Objective(moved);
      if (objective <= objective_) {
        const bool better = moved != weights_;
        weights_ = std::move(moved);
        objective_ = objective;
        return better;
      }
    }
    return false;
  }

  std::span<const LogisticSample> samples_;
  std::span<const double> precision_;
  std::vector<double> weights_;
  double objective_;
  std::vector<double> gradient_;
  std::vector<double> hessian_;  // upper triangle, row-major
};

}  // namespace

std::optional<double> LogisticQuality(const FittedOptions& fitted, ArmId arm,
                                      const Context& context) {
  if (arm >= fitted.weights.size() || fitted.weights[arm].empty() ||
      fitted.weights[arm].size() != static_cast<std::size_t>(context.size())) {
    return std::nullopt;
  }
  return Sigmoid(Dot(fitted.weights[arm], context));
}

std::optional<std::vector<double>> FitLogistic(std::span<const LogisticSample> samples,
                                               std::span<const double> precision) {
  Check(!precision.empty() && *std::min_element(precision.begin(), precision.end()) > 0,
        "a prior is proper");
  for (const LogisticSample& sample : samples) {
    Check(static_cast<std::size_t>(sample.context->size()) == precision.size(),
          "a sample has the prior's dimension");
  }
  return LogisticFit(samples, precision).Run();
}

}  // namespace sluice::policy
