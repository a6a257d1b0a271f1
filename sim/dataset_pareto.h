// Rows, orders and features of the public experiments, from a folder that holds
//
//   streams/exp01.txt .. exp04.txt   one line a seed: the seed, then rows; "|" between segments
//   pareto_*.jsonl                   one file of rows; or two, of which
//   burn.jsonl, score.jsonl          the first is counted by segment 0, the second by the others
//   results_dev.json                 may be there: reference results on these rows
//
// Rows are data sets (dataset.h) of three arms in order of price; "flash": [reward, cost] is the
// answer of the arm that joins. Rows are counted from 0, without the meta line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/environment.h"

namespace sluice::sim {

struct ParetoStream {
  std::uint64_t seed = 0;
  std::vector<std::vector<std::size_t>> segments;  // rows of ParetoData; [0] is the burn-in
};

struct ParetoData {
  std::string name;
  std::vector<ArmFacts> arms;  // three, or four when an arm can join
  std::vector<Task> rows;      // outcomes of three arms, or of four
  std::size_t score_at = 0;    // the row that later segments count from: that of score.jsonl
};

// One policy's result in one cell, as somebody else measured it.
struct ParetoFigure {
  double reward = 0;
  double se = 0;
  double utilisation = 0;
  double regret = 0;
};
// One row of a table of references.
struct ParetoReference {
  std::string experiment;
  std::string scenario;
  std::string policy;
  std::vector<ParetoFigure> cells;  // by budget, then phase
  double mean = 0;
  double mean_se = 0;
};

// The alternative is a sentence for the user; so in all that follows.
std::variant<ParetoData, std::string> LoadPareto(const std::string& folder);

// The first `seeds_max` orders of the experiment, whose segments are as many as `segments`.
struct StreamsWanted {
  std::string_view experiment;
  std::size_t segments = 2;
  std::size_t seeds_max = 0;  // 0: all
  bool newcomer = false;      // scored rows must know the arm that joins
};
std::variant<std::vector<ParetoStream>, std::string> LoadParetoStreams(const std::string& folder,
                                                                       const ParetoData& data,
                                                                       const StreamsWanted& wanted);

// Gives every row its embedding: float32, little-endian, one row after another (those of burn.jsonl
// first), each ending in a bias of 1 that is left out. Empty: done.
std::string AttachFeatures(const std::string& path, ParetoData& data);

// Empty when the folder holds none.
std::vector<ParetoReference> LoadParetoReferences(const std::string& folder);

}  // namespace sluice::sim
