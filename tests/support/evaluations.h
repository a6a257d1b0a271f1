// Evaluations that must work.
#pragma once

#include <stdexcept>
#include <string>
#include <variant>

#include "sim/evaluate.h"

namespace sluice::tests {

// All labels count; one thread.
inline sim::EvaluateOptions Declared(const config::RouterOptions& policy) {
  sim::EvaluateOptions options;
  options.policy = policy;
  options.labels_independent = true;
  options.threads = 1;
  return options;
}

inline sim::Evaluation Evaluated(const store::Store& store, const sim::EvaluateOptions& options) {
  auto evaluated = sim::EvaluateLog(store, options, nullptr);
  if (const auto* problem = std::get_if<std::string>(&evaluated)) {
    throw std::runtime_error(*problem);
  }
  return std::get<sim::Evaluation>(std::move(evaluated));
}

inline bool Covers(const policy::OpeInterval& interval, double value) {
  return interval.lower <= value && value <= interval.upper;
}

}  // namespace sluice::tests
