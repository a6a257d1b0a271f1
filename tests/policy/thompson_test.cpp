#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <catch2/catch.hpp>

#include "policy/normal.h"
#include "policy/policy.h"
#include "policy/rng.h"

namespace sluice::policy {
namespace {

struct Arms {
  std::vector<double> utility;
  std::vector<double> width;
};

Shares Probabilities(const Arms& arms, double scale = 1) {
  Estimates estimates{};
  for (std::size_t a = 0; a < arms.utility.size(); ++a) {
    estimates[a].utility = arms.utility[a];
    estimates[a].width = arms.width[a];
  }
  return ThompsonShares(estimates, ArmSet::FirstN(arms.utility.size()), scale);
}

double Distribution(double z) {
  return .5 * std::erfc(-z * std::sqrt(.5));
}
double Density(double z) {
  return std::exp(-z * z / 2) / std::sqrt(2 * 3.14159265358979323846);
}

// Edges of fine panels: 9 bends an arm, reach 8.5.
std::vector<double> FineEdges(const Arms& arms) {
  double low = -HUGE_VAL;
  double high = -HUGE_VAL;
  std::vector<double> bends;
  for (std::size_t a = 0; a < arms.utility.size(); ++a) {
    low = std::max(low, arms.utility[a] - 8.5 * arms.width[a]);
    high = std::max(high, arms.utility[a] + 8.5 * arms.width[a]);
    for (double widths : {-8., -5., -3., -1.5, 0., 1.5, 3., 5., 8.}) {
      bends.push_back(arms.utility[a] + widths * arms.width[a]);
    }
  }
  std::vector<double> edges{low};
  std::sort(bends.begin(), bends.end());
  std::copy_if(bends.begin(), bends.end(), std::back_inserter(edges),
               [&](double bend) { return bend > low && bend < high; });
  edges.push_back(high);
  return edges;
}

// The oracle: 8 Gauss-Legendre nodes on each fine panel, with library functions throughout.
std::vector<double> FineProbabilities(const Arms& arms) {
  constexpr double kNodes[] = {.1834346424956498, .5255324099163290, .7966664774136267,
                               .9602898564975363};
  constexpr double kWeights[] = {.3626837833783620, .3137066458778873, .2223810344533745,
                                 .1012285362903763};
  const std::size_t count = arms.utility.size();
  const std::vector<double> edges = FineEdges(arms);
  std::vector<double> shares(count, 0);
  double total = 0;
  const auto add = [&](double u, double weight) {
    for (std::size_t a = 0; a < count; ++a) {
      double part = weight * Density((u - arms.utility[a]) / arms.width[a]) / arms.width[a];
      for (std::size_t b = 0; b < count; ++b) {
        part *= b == a ? 1 : Distribution((u - arms.utility[b]) / arms.width[b]);
      }
      shares[a] += part;
      total += part;
    }
  };
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
    const double half = (edges[i + 1] - edges[i]) / 2;
    const double centre = (edges[i + 1] + edges[i]) / 2;
    for (int k = 0; k < 4; ++k) {
      add(centre - half * kNodes[k], half * kWeights[k]);
      add(centre + half * kNodes[k], half * kWeights[k]);
    }
  }
  for (double& share : shares) {
    share /= total;
  }
  return shares;
}

double LargestError(const Shares& shares, const std::vector<double>& expected) {
  double largest = 0;
  for (std::size_t a = 0; a < expected.size(); ++a) {
    largest = std::max(largest, std::abs(shares[a] - expected[a]));
  }
  return largest;
}

// Utilities in [0, spread), widths log-uniform over [width_min, .3].
Arms RandomArms(Rng& rng, std::size_t count, double spread, double width_min) {
  Arms arms;
  for (std::size_t a = 0; a < count; ++a) {
    arms.utility.push_back(spread * rng.Uniform());
    arms.width.push_back(width_min * std::pow(.3 / width_min, rng.Uniform()));
  }
  return arms;
}

const Arms kThree{{.50, .48, .40}, {.02, .05, .10}};
const std::vector<double> kThreeExact{.546241183966, .316340603537, .137418212497};
const Arms kFive{{.6, .55, .5, .45, .3}, {.01, .03, .08, .02, .3}};
const std::vector<double> kFiveExact{.709260837497, .043705457956, .091805424654, 5e-12,
                                     .155228279888};

TEST_CASE("the fine grid gives the reference probabilities to ten decimals") {  // oracle 6
  const std::vector<double> three = FineProbabilities(kThree);
  const std::vector<double> five = FineProbabilities(kFive);
  for (std::size_t a = 0; a < 3; ++a) {
    CHECK(std::abs(three[a] - kThreeExact[a]) < 1e-10);
  }
  for (std::size_t a = 0; a < 5; ++a) {
    CHECK(std::abs(five[a] - kFiveExact[a]) < 1e-10);
  }
}

TEST_CASE("Thompson probabilities are the reference values within 1e-4") {  // oracle 6
  CHECK(LargestError(Probabilities(kThree), kThreeExact) < 1e-4);
  CHECK(LargestError(Probabilities(kFive), kFiveExact) < 1e-4);
}

TEST_CASE("two arms have the closed form") {
  const Shares shares = Probabilities({{.62, .60}, {.03, .05}});
  CHECK(shares[0] == Approx(.6341997055200495).epsilon(1e-13));
  CHECK(shares[1] == Approx(1 - .6341997055200495).epsilon(1e-13));
  CHECK(Probabilities({{.3, .3}, {.1, .1}})[0] == .5);
}

TEST_CASE("Thompson probabilities are within 1e-4 of the fine grid for any arms") {
  Rng rng(17);
  for (std::size_t count : {2u, 3u, 4u, 8u, 16u}) {
    for (int i = 0; i < (count < 8 ? 1500 : 150); ++i) {
      const double spread = i % 2 == 0 ? .3 : .03;
      const double width_min = i % 3 == 0 ? 1e-5 : 1e-3;
      const Arms arms = RandomArms(rng, count, spread, width_min);
      CAPTURE(count, i, arms.utility, arms.width);
      REQUIRE(LargestError(Probabilities(arms), FineProbabilities(arms)) < 1e-4);
    }
  }
}

TEST_CASE("Thompson probabilities sum to one and are never negative") {
  Rng rng(18);
  for (std::size_t count = 1; count <= kArmsMax; ++count) {
    CAPTURE(count);
    const Shares shares = Probabilities(RandomArms(rng, count, .3, 1e-3));
    double sum = 0;
    for (double share : shares) {
      REQUIRE(share >= 0);
      sum += share;
    }
    CHECK(sum == Approx(1).epsilon(1e-12));
  }
}

TEST_CASE("shifting every utility changes no Thompson probability") {
  Arms shifted = kFive;
  for (double& utility : shifted.utility) {
    utility -= 3;
  }
  CHECK(LargestError(Probabilities(shifted),
                     {.709260837497, .043705457956, .091805424654, 5e-12, .155228279888}) < 1e-4);
  const Shares before = Probabilities(kFive);
  CHECK(LargestError(Probabilities(shifted), {before.begin(), before.begin() + 5}) < 1e-9);
}

TEST_CASE("scaling utilities and widths together changes no Thompson probability") {
  Arms scaled = kFive;
  for (std::size_t a = 0; a < 5; ++a) {
    scaled.utility[a] *= 7;
    scaled.width[a] *= 7;
  }
  const Shares before = Probabilities(kFive);
  CHECK(LargestError(Probabilities(scaled), {before.begin(), before.begin() + 5}) < 1e-9);
}

TEST_CASE("the scale multiplies every width") {
  Arms halved = kFive;
  for (double& width : halved.width) {
    width /= 2;
  }
  CHECK(Probabilities(kFive, .5) == Probabilities(halved));
}

TEST_CASE("renaming the arms renames their Thompson probabilities") {
  Arms reversed = kFive;
  std::reverse(reversed.utility.begin(), reversed.utility.end());
  std::reverse(reversed.width.begin(), reversed.width.end());
  const Shares before = Probabilities(kFive);
  const Shares after = Probabilities(reversed);
  for (std::size_t a = 0; a < 5; ++a) {
    CHECK(after[4 - a] == Approx(before[a]).epsilon(1e-9).margin(1e-15));
  }
}

TEST_CASE("a better arm is never less probable") {
  Rng rng(19);
  for (int i = 0; i < 200; ++i) {
    Arms arms = RandomArms(rng, 4, .1, 3e-3);
    CAPTURE(i, arms.utility, arms.width);
    double last = 0;
    for (int step = 0; step < 20; ++step) {
      const double now = Probabilities(arms)[2];
      REQUIRE(now >= last - 1e-4);
      last = now;
      arms.utility[2] += .01;
    }
  }
}

TEST_CASE("an arm that is hopeless gets exactly nothing") {
  const Shares shares = Probabilities({{.9, .2, .1, .85}, {.01, .01, .01, .02}});
  CHECK(shares[1] == 0);
  CHECK(shares[2] == 0);
  CHECK(shares[0] + shares[3] == Approx(1).epsilon(1e-13));
  CHECK(Probabilities({{.9, .2, .1}, {.01, .01, .01}})[0] == 1);
}

TEST_CASE("arms without any width are decided by their utility") {
  const Shares shares = Probabilities({{.5, .6, .4}, {0, 0, 0}});
  CHECK(shares[1] == 1);
  CHECK(Probabilities({{.5, .5}, {0, 0}})[0] == .5);
}

TEST_CASE("an arm that is not finite gets no Thompson probability") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  for (double bad : {nan, infinity, -infinity}) {
    CAPTURE(bad);
    const Shares bad_utility = Probabilities({{.5, bad, .5, .5}, {.1, .1, .1, .1}});
    CHECK(bad_utility[1] == 0);
    CHECK(bad_utility[0] == Approx(1. / 3).epsilon(1e-9));
  }
  CHECK(Probabilities({{.5, .5}, {infinity, .1}})[1] == 1);
  CHECK(Probabilities({{nan, nan}, {.1, .1}})[0] == 1);
}

TEST_CASE("of more than sixteen arms those that reach highest share the probability") {
  Arms arms{std::vector<double>(64, .5), std::vector<double>(64, .01)};
  for (std::size_t a = 20; a < 30; ++a) {
    arms.width[a] = .1;
  }
  const Shares shares = Probabilities(arms);
  const auto counted =
      std::count_if(shares.begin(), shares.end(), [](double share) { return share > 0; });
  CHECK(counted == 16);
  for (std::size_t a = 20; a < 30; ++a) {
    CHECK(shares[a] > .05);
  }
}

TEST_CASE("the normal functions agree with the library") {
  for (double z = -8.5; z <= 8.5; z += .01) {
    CAPTURE(z);
    const NormalValues values = EvaluateNormal(DoubleLanes{z, 0, -100, 100});
    REQUIRE(values.density[0] == Approx(Density(z)).epsilon(1e-10));
    REQUIRE(values.distribution[0] == Approx(Distribution(z)).epsilon(1e-9));
    REQUIRE(values.distribution[1] == Approx(.5).epsilon(1e-10));
    REQUIRE(values.distribution[2] > 0);
    REQUIRE(values.distribution[3] == 1);
  }
}

}  // namespace
}  // namespace sluice::policy
