// Policies of the literature that ours are measured against, one a file, behind one interface. They
// live in the simulator only: none of them serves a router, and nothing of the product is built on
// them. Each file cites its source and says what was kept of it.
//
// All learn from what they called and from nothing else, begin cold, and keep a budget by the same
// means (budget.h). Deterministic: every draw is a function of the seed and the tick. One thread at
// a time; two baselines share nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "policy/types.h"
#include "sim/environment.h"

namespace sluice::sim {

// What is known of a request before anybody answers it.
struct BaselineRequest {
  const policy::Context& context;    // by the product's own ContextBuilder; ends in the bias, 1
  std::span<const ArmFacts> arms;    // all that were ever there, with their list prices now
  policy::ArmSet available;          // those that may be called; never empty
  std::uint64_t tick = 0;            // counts requests, from 0
  std::string_view text;             // what the context was made of, for a router that makes its
  std::span<const float> embedding;  // own
};

// List price per 1,000 tokens, input and output alike.
inline double BlendedPriceUsd(const ArmFacts& arm) {
  return arm.price() / 2 / 1000;
}

// The answers to one request. The arms that are called are paid, each of them.
class Answers {
 public:
  virtual ~Answers() = default;
  // Calls an available arm that was not called yet. Gives how sure one can be of the answer without
  // a judge, in [0, 1] (signal.h says where that comes from).
  virtual double Call(policy::ArmId arm) = 0;
  // Whether two answers that were called say the same.
  virtual bool Agree(policy::ArmId one, policy::ArmId other) const = 0;
};

// What came of one call.
struct BaselineLesson {
  const policy::Context& context;
  std::uint64_t tick = 0;  // of the request
  policy::ArmId arm = 0;
  double reward = 0;
  double cost_usd = 0;
  double list_price_usd = 0;  // BlendedPriceUsd at the time
};

struct BaselineOptions {
  std::size_t dimension = 0;  // of the contexts, with the bias
  std::uint64_t seed = 1;
  double budget_usd = 0;   // a request; 0: none, and the weight below stands
  double cost_weight = 0;  // per USD
};

class Baseline {
 public:
  virtual ~Baseline() = default;

  // Calls one arm, or several in turn; the last one's answer is served. The ticks rise.
  virtual void Answer(const BaselineRequest& request, Answers& answers) = 0;
  // Once for each call, in the order of the calls.
  virtual void Learn(const BaselineLesson& lesson) = 0;

  // The quality that is expected of each of `arms` arms, from what was learnt so far; an arm
  // without a lesson is given the mean of the others. Learn may be called without Answer before, to
  // train on labelled rows. Empty: the baseline predicts no quality.
  virtual std::vector<double> Predict(const policy::Context& context, std::size_t arms) {
    static_cast<void>(context);
    static_cast<void>(arms);
    return {};
  }
};

struct BaselineFacts {
  std::string_view name;  // on the command line
  std::string_view idea;  // and whose it is, in a line
  bool cascades = false;  // calls several arms for one request
};

// In the order of the tables.
std::span<const BaselineFacts> Baselines();
// Null: there is none of this name; so below.
const BaselineFacts* FindBaseline(std::string_view name);
std::unique_ptr<Baseline> MakeBaseline(std::string_view name, const BaselineOptions& options);

}  // namespace sluice::sim
