// What `bench routellm` prints: a table a data set, published figures beside ours where the rows
// are theirs, and the same as JSON. Pure functions; equal arguments give equal bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/environment.h"
#include "sim/ranking.h"

namespace sluice::sim {

struct RouteLlmRow {
  std::string policy;
  std::vector<RankingFigures> by_seed;
};

// Of one data set.
struct RouteLlmResult {
  std::string data;
  std::string layout;
  std::size_t rows = 0;
  std::string weak;  // models
  std::string strong;
  double weak_reward = 0;  // means over all rows
  double strong_reward = 0;
  std::vector<std::uint64_t> seeds;
  std::vector<RouteLlmRow> policies;  // the oracle last
};

std::string RenderRouteLlm(const RouteLlmResult& result);

// A list of one object a data set and policy: data, policy, apgr, apgr_sd, cpt20, cpt50, cpt80,
// seeds, apgr_by_seed. Others rely on the names: add, never rename.
std::string RouteLlmJson(const std::vector<RouteLlmResult>& results);

}  // namespace sluice::sim
