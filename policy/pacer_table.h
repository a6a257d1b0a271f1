// What every arm would be worth and cost in every context that the pacer keeps, and what a weight
// of cost makes of that. Scratch of one solve (pacer.cpp); allocates only while it grows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "policy/context_ring.h"
#include "policy/model.h"
#include "policy/types.h"

namespace sluice::policy {

// One arm that could be chosen now.
struct PacedArm {
  ArmId arm = 0;
  ArmHeads heads;
  double list_price_usd = 0;
  std::uint64_t labels = 0;  // of quality, ever
};

// How Thompson's draws are explored (exploration.h): e within bounds, arm_floor inside it.
struct Draws {
  double rate_min = 0;
  double rate_max = 1;
  double arm_floor = 0;
};

class PacerTable {
 public:
  // Arms without solutions, of another dimension or with estimates that are not finite are left
  // out. `ring` has contexts, and outlives the calls below, as do the solutions. `drawn`: the
  // ring's bonuses are deviations of what is drawn; else they are added to the value.
  void Fill(const ContextRing& ring, std::span<const PacedArm> arms, double latency_weight,
            bool drawn);
  std::size_t arms() const { return rows_.size(); }

  // Mean cost of the arm with the largest quality + bonus - lambda cost - mu latency, the first
  // such arm on ties.
  double Spend(double lambda) const;
  // What Thompson sampling would cost: beside the arm above each other one is taken with about the
  // probability that its draw is the higher of the two. Exact for two arms; with more the
  // probabilities that add up to exploring overlap, so it is rather too high. Falls with lambda,
  // but may rise again: once all other arms are hopeless, what must be explored is any of them.
  double SpendOfDraws(double lambda, const Draws& draws) const;

  // Whether the mean quality of the arms chosen as above, half a standard deviation of that average
  // below its estimate (arms are independent), is at least `floor`. One floor a table.
  bool KeepsQuality(double lambda, double floor);
  // What a floor is a share of.
  struct BestArm {
    // The largest mean of one arm over all contexts. One that is chosen in at least 5 % of them at
    // weight 0 is taken min(3, 600 / labels in force) standard deviations of that average above its
    // estimate: where it is little known it may be the best, and a weight of 0 will tell.
    double quality;
    // Arms with fewer than 200 labels that may be the best, three standard deviations above their
    // estimate: exploration is to find out.
    ArmSet unknown;
  };
  BestArm FindBestArm();

 private:
  struct Row {
    ArmId arm;
    std::uint64_t labels;
    const RidgeSolution* quality;
    double mean_quality;

    // Standard deviation of the arm's quality in an average of contexts.
    double Deviation(const Context& average) const;
  };

  void Choose(double lambda);
  void AddRow(const PacedArm& arm, double latency_weight, bool drawn);
  double MeanChosenQuality() const;
  double VarianceOfChosenQuality();

  const ContextRing* ring_ = nullptr;
  std::vector<Row> rows_;
  // Rows of ContextRing::kStride, 0 beyond the contexts: value is quality + bonus (unless drawn) -
  // mu latency.
  std::vector<double> quality_;
  std::vector<double> value_;
  std::vector<double> cost_;
  std::vector<double> deviation_;  // of what is drawn
  std::vector<double> chosen_;     // by context: the row of the arm chosen
  std::vector<double> kept_;       // the last choices that kept the floor, ...
  std::vector<double> broken_;     // ... and that did not: many weights choose alike
  std::vector<double> weights_;    // by context: its share of an average
  Context average_;
};

}  // namespace sluice::policy
