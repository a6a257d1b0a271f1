// What `bench routerbench` prints: areas and frontiers of every way of choosing, single arms, and
// the same as JSON. Pure functions; equal arguments give equal bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/frontier.h"

namespace sluice::sim {

// One way of choosing on the halves of one seed.
struct FrontierOfSeed {
  double aiq = 0;
  double log_aiq = 0;
  std::vector<double> rewards;  // at RouterBenchResult::costs_usd
  std::vector<Mean> envelope;
};

struct FrontierRow {
  std::string policy;
  std::vector<FrontierOfSeed> by_seed;
};

struct RouterBenchResult {
  std::string data;
  std::string layout;
  std::size_t rows = 0;
  std::vector<std::uint64_t> seeds;
  std::vector<double> costs_usd;  // at which frontiers are read: the first and last are the range
  std::vector<std::string> arm_names;
  std::vector<Mean> arms;             // alone, over all rows
  std::vector<FrontierRow> policies;  // the blind mix last but one, the oracle last
};

std::string RenderRouterBench(const RouterBenchResult& result);

// A list of one object a policy: data, policy, aiq, aiq_sd, log_aiq, log_aiq_sd, gap_closed,
// costs_usd, rewards, seeds, and frontiers, a list of [cost, reward] a seed; arms have cost and
// reward. Others rely on the names: add, never rename.
std::string RouterBenchJson(const RouterBenchResult& result);

}  // namespace sluice::sim
