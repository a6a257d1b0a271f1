// Which model of a data set stands for which arm of a router: by name, else in order of price, else
// as the user says. Pure functions.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sim/environment.h"

namespace sluice::sim {

enum class PairedBy { kName, kPrice, kMeanCost, kUser };
const char* PairedByName(PairedBy by);

struct Pair {
  std::size_t arm = 0;    // of the router
  std::size_t model = 0;  // of the environment
  PairedBy by = PairedBy::kName;
  bool operator==(const Pair&) const = default;
};

// The name of a router's arm and of a model, as --arm NAME=MODEL gives them.
using Wish = std::pair<std::string, std::string>;

// One pair for every arm of the router, in its order; or a sentence that says what is missing and
// what to pass. Wishes come first. Of the other arms, one whose name or model is a model's name (or
// what stands after its last slash) takes that one; when every arm found its model, models may be
// left over. What is left on both sides must be equally many and is paired from cheap to dear, by
// list price or, where a model has none, by mean cost in the data.
std::variant<std::vector<Pair>, std::string> PairArms(const RouterFacts& router,
                                                      const Environment& environment,
                                                      const std::vector<Wish>& wishes);

// The environment with the router's arms in the router's order.
Environment Arrange(Environment environment, const RouterFacts& router,
                    const std::vector<Pair>& pairs);

}  // namespace sluice::sim
