#include "policy/context_map.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include <Eigen/Dense>
#include <catch2/catch.hpp>

#include "policy/map_axes.h"
#include "policy/rng.h"

namespace sluice::policy {
namespace {

using Map = std::shared_ptr<const ContextMap>;

// Words of one of four topics and of none.
std::string RandomText(Rng& rng) {
  const std::uint64_t topic = 1 + rng.Below(4);
  std::string text;
  for (std::uint64_t left = 10 + rng.Below(30); left > 0; --left) {
    const std::uint64_t word = rng.Below(3) == 0 ? rng.Below(25) : 100 * topic + rng.Below(25);
    for (std::uint64_t rest = SplitMix64(word); rest > 7; rest /= 3'000'000) {
      text.push_back(static_cast<char>('a' + rest % 26));
    }
    text.push_back(' ');
  }
  return text;
}

std::vector<GramCounts> RandomGrams(std::uint64_t seed, std::size_t count) {
  Rng rng(seed);
  std::vector<GramCounts> rows;
  for (std::size_t i = 0; i < count; ++i) {
    rows.push_back(CountGrams(RandomText(rng), 77));
  }
  return rows;
}

// Of length 1, around a common direction, later dimensions varying less.
std::vector<std::vector<float>> RandomEmbeddings(std::uint64_t seed, std::size_t count,
                                                 std::size_t dimension) {
  Rng rng(seed);
  std::vector<std::vector<float>> rows;
  for (std::size_t i = 0; i < count; ++i) {
    Eigen::VectorXd row(static_cast<Eigen::Index>(dimension));
    for (Eigen::Index k = 0; k < row.size(); ++k) {
      row[k] = 1 + rng.Normal() * std::pow(0.9, static_cast<double>(k));
    }
    const Eigen::VectorXf unit = row.normalized().cast<float>();
    rows.emplace_back(unit.begin(), unit.end());
  }
  return rows;
}

// One input a row.
template <typename Inputs>
Eigen::MatrixXd Projections(const ContextMap& map, const Inputs& inputs) {
  Eigen::MatrixXd rows(inputs.size(), map.components());
  Eigen::VectorXf projected(rows.cols());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    map.Project(inputs[i], projected.data());
    rows.row(static_cast<Eigen::Index>(i)) = projected.cast<double>();
  }
  return rows;
}

std::string BytesOf(const ContextMap& map) {
  std::string bytes;
  map.Serialise(bytes);
  return bytes;
}

Map RestoreWhole(std::string_view bytes) {
  Map map = ContextMap::Restore(bytes);
  return bytes.empty() ? map : nullptr;
}

Eigen::MatrixXd Dense(const std::vector<GramCounts>& inputs) {
  Eigen::MatrixXd dense = Eigen::MatrixXd::Zero(inputs.size(), kGramDimensions);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    for (std::size_t e = 0; e < inputs[i].buckets.size(); ++e) {
      const double count = inputs[i].counts[e];
      dense(row, inputs[i].buckets[e]) = std::copysign(std::log1p(std::abs(count)), count);
    }
    dense.row(row).head(kGramBuckets).normalize();
    dense.row(row).tail(kGramBuckets).normalize();
  }
  return dense * std::sqrt(0.5);
}

// Coordinates by Eigen's decomposition: standardised over the rows that were fitted on, clipped.
Eigen::MatrixXd Expected(const Eigen::MatrixXd& fit, const Eigen::MatrixXd& inputs,
                         Eigen::Index components) {
  const Eigen::BDCSVD<Eigen::MatrixXd> svd(fit, Eigen::ComputeThinU | Eigen::ComputeThinV);
  const Eigen::MatrixXd v = svd.matrixV().leftCols(components);
  const Eigen::RowVectorXd mean = (fit * v).colwise().mean();
  const Eigen::RowVectorXd variance =
      ((fit * v).rowwise() - mean).array().square().colwise().mean();
  const Eigen::MatrixXd standard =
      ((inputs * v).rowwise() - mean) * variance.cwiseSqrt().cwiseInverse().asDiagonal();
  return standard.cwiseMax(-4).cwiseMin(4);
}

// The largest difference, the sign of a column being free.
double Difference(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  double worst = 0;
  for (Eigen::Index k = 0; k < a.cols(); ++k) {
    worst = std::max(worst, std::min((a.col(k) - b.col(k)).cwiseAbs().maxCoeff(),
                                     (a.col(k) + b.col(k)).cwiseAbs().maxCoeff()));
  }
  return worst;
}

TEST_CASE("text is projected on the singular vectors of the fit rows") {
  const auto fit = RandomGrams(1, 60);
  const auto others = RandomGrams(2, 40);
  const Map map = ContextMap::FitText(fit, {.components = 6, .version = 9});
  REQUIRE(map != nullptr);
  CHECK(map->input() == MapInput::kGrams);
  CHECK(map->dimension() == kGramDimensions);
  CHECK(map->components() == 6);
  CHECK(map->version() == 9);
  CHECK(Difference(Projections(*map, fit), Expected(Dense(fit), Dense(fit), 6)) < 1e-4);
  CHECK(Difference(Projections(*map, others), Expected(Dense(fit), Dense(others), 6)) < 1e-4);
}

TEST_CASE("embeddings are projected on the principal axes of the fit rows") {
  const auto fit = RandomEmbeddings(3, 80, 40);
  const auto others = RandomEmbeddings(4, 40, 40);
  const Map map = ContextMap::FitEmbedding(fit, {.components = 10});
  REQUIRE(map != nullptr);
  CHECK(map->input() == MapInput::kEmbedding);
  CHECK(map->dimension() == 40);
  const auto matrix = [](const std::vector<std::vector<float>>& rows) {
    Eigen::MatrixXd dense(rows.size(), rows[0].size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      dense.row(static_cast<Eigen::Index>(i)) =
          Eigen::Map<const Eigen::RowVectorXf>(rows[i].data(), dense.cols()).cast<double>();
    }
    return dense;
  };
  const Eigen::RowVectorXd mean = matrix(fit).colwise().mean();
  const Eigen::MatrixXd fit_rows = matrix(fit).rowwise() - mean;
  const Eigen::MatrixXd other_rows = matrix(others).rowwise() - mean;
  CHECK(Difference(Projections(*map, fit), Expected(fit_rows, fit_rows, 10)) < 1e-4);
  CHECK(Difference(Projections(*map, others), Expected(fit_rows, other_rows, 10)) < 1e-4);
}

TEST_CASE("more components than one pass computes are the same as fewer") {
  const auto fit = RandomGrams(5, 70);
  const Map many = ContextMap::FitText(fit, {.components = kMapComponentsMax});
  const Map few = ContextMap::FitText(fit, {.components = 5});
  REQUIRE(many->components() == kMapComponentsMax);
  CHECK(Projections(*many, fit).leftCols(5) == Projections(*few, fit));
  const auto embeddings = RandomEmbeddings(6, 80, 70);
  const Map wide = ContextMap::FitEmbedding(embeddings, {.components = 40});
  const Map narrow = ContextMap::FitEmbedding(embeddings, {.components = 5});
  REQUIRE(wide->components() == 40);
  CHECK(Projections(*wide, embeddings).leftCols(5) == Projections(*narrow, embeddings));
}

TEST_CASE("components that the rows cannot tell are dropped") {
  CHECK(ContextMap::FitEmbedding(RandomEmbeddings(7, 50, 3), {})->components() == 3);
  CHECK(ContextMap::FitEmbedding(RandomEmbeddings(7, 2, 30), {})->components() == 1);
  CHECK(ContextMap::FitText(RandomGrams(7, 4), {})->components() <= 4);
  // The second axis of the first has a hundredth of the deviation, of the second a ten thousandth.
  for (const auto& [second, components] : {std::pair(1e-2f, 2u), std::pair(1e-4f, 1u)}) {
    std::vector<std::vector<float>> rows;
    for (int i = 0; i < 40; ++i) {
      const float x = i % 2 == 0 ? 0.1f : -0.1f;
      const float y = i % 4 < 2 ? 0.1f * second : -0.1f * second;
      rows.push_back({x, y, 0.9f});
    }
    CAPTURE(second);
    CHECK(ContextMap::FitEmbedding(rows, {})->components() == components);
  }
}

TEST_CASE("rows that are too few or too many or all alike give no map") {
  const auto grams = RandomGrams(8, 3);
  CHECK(ContextMap::FitText({}, {}) == nullptr);
  CHECK(ContextMap::FitText(std::span(grams).first(1), {}) == nullptr);
  CHECK(ContextMap::FitText(std::vector(50, grams[0]), {}) == nullptr);
  CHECK(ContextMap::FitText(std::vector(50, GramCounts{}), {}) == nullptr);
  CHECK(ContextMap::FitText(std::vector(kMapRowsMax + 1, grams[0]), {}) == nullptr);
  const auto embeddings = RandomEmbeddings(8, 3, 384);
  CHECK(ContextMap::FitEmbedding({}, {}) == nullptr);
  CHECK(ContextMap::FitEmbedding(std::span(embeddings).first(1), {}) == nullptr);
  CHECK(ContextMap::FitEmbedding(std::vector(50, embeddings[0]), {}) == nullptr);
}

TEST_CASE("the largest weight of a component is positive") {
  for (float turn : {1.0f, -1.0f}) {
    std::vector<std::vector<float>> rows;
    for (int i = 0; i < 20; ++i) {
      const float angle = turn * (0.1f * static_cast<float>(i) - 1);
      rows.push_back({0.1f * std::cos(angle), std::sin(angle)});
    }
    const Map map = ContextMap::FitEmbedding(rows, {.components = 1});
    float low = 0;
    float high = 0;
    map->Project(std::vector{0.1f, -0.2f}, &low);
    map->Project(std::vector{0.1f, 0.2f}, &high);
    CHECK(low < high);
  }
}

TEST_CASE("what is far away is clipped") {
  std::vector<std::vector<float>> rows;
  for (int i = 0; i < 20; ++i) {
    rows.push_back({1, 0.01f * static_cast<float>(i % 2), 0.03f * static_cast<float>(i / 10)});
  }
  const Map map = ContextMap::FitEmbedding(rows, {});
  REQUIRE(map->components() == 2);
  float out[2];
  map->Project(std::vector<float>{0, 0.7f, -0.7f}, out);
  CHECK(std::abs(out[0]) == kMapClip);
  CHECK(std::abs(out[1]) == kMapClip);
  map->Project(rows[0], out);
  CHECK(std::abs(out[0]) == Approx(1).epsilon(1e-4));
  CHECK(std::abs(out[1]) == Approx(1).epsilon(1e-4));
}

TEST_CASE("any text is projected on finite numbers") {
  const std::uint64_t seed = 10;
  CAPTURE(seed);
  Rng rng(seed);
  const Map map = ContextMap::FitText(RandomGrams(seed, 40), {});
  std::vector<GramCounts> inputs{{}, CountGrams("x", 77), CountGrams(std::string(16'384, 'a'), 77)};
  inputs.push_back({{0, 5000}, {kGramCountMax, -kGramCountMax}});
  for (int i = 0; i < 50; ++i) {
    std::string bytes(rng.Below(2000), '\0');
    for (char& byte : bytes) {
      byte = static_cast<char>(rng.Below(256));
    }
    inputs.push_back(CountGrams(bytes, 77));
  }
  const Eigen::MatrixXd projected = Projections(*map, inputs);
  CHECK(projected.allFinite());
  CHECK(projected.cwiseAbs().maxCoeff() <= 4);
}

TEST_CASE("inputs that are not of the map give zeros") {
  const Map text = ContextMap::FitText(RandomGrams(11, 20), {.components = 3});
  const Map embedding = ContextMap::FitEmbedding(RandomEmbeddings(11, 20, 5), {.components = 3});
  const auto zeros = [](const ContextMap& map, const auto& input) {
    float out[3] = {1, 1, 1};
    map.Project(input, out);
    return std::all_of(out, out + 3, [](float v) { return v == 0; });
  };
  CHECK(zeros(*text, std::vector<float>(5, 0.5f)));
  CHECK(zeros(*embedding, std::vector<float>(4, 0.5f)));
  CHECK(zeros(*embedding, CountGrams("some words", 77)));
  CHECK(zeros(*text, GramCounts{{kGramDimensions}, {1}}));
  CHECK(zeros(*text, GramCounts{{1, 2}, {1}}));
  CHECK_FALSE(zeros(*text, CountGrams("some words", 77)));
}

TEST_CASE("a map is the same after its bytes were written and read") {
  const auto grams = RandomGrams(12, 30);
  const auto embeddings = RandomEmbeddings(12, 30, 17);
  for (const Map& map : {ContextMap::FitText(grams, {.components = 9, .version = 3}),
                         ContextMap::FitEmbedding(embeddings, {.components = 9, .version = 4})}) {
    const std::string bytes = BytesOf(*map);
    const std::string more = bytes + "more";
    std::string_view in = more;
    const Map restored = ContextMap::Restore(in);
    REQUIRE(restored != nullptr);
    CHECK(in == "more");
    CHECK(BytesOf(*restored) == bytes);
    CHECK(restored->version() == map->version());
    CHECK(restored->input() == map->input());
    CHECK(restored->fingerprint() == map->fingerprint());
    if (map->input() == MapInput::kGrams) {
      CHECK(Projections(*restored, grams) == Projections(*map, grams));
    } else {
      CHECK(Projections(*restored, embeddings) == Projections(*map, embeddings));
    }
  }
}

TEST_CASE("the fingerprint tells maps apart whatever their version") {
  const auto grams = RandomGrams(13, 30);
  const Map map = ContextMap::FitText(grams, {.components = 4, .version = 1});
  CHECK(ContextMap::FitText(grams, {.components = 4, .version = 2})->fingerprint() ==
        map->fingerprint());
  CHECK(ContextMap::FitText(grams, {.components = 5})->fingerprint() != map->fingerprint());
  CHECK(ContextMap::FitText(RandomGrams(14, 30), {.components = 4})->fingerprint() !=
        map->fingerprint());
}

// Fitting is fma, sqrt and division in a fixed order: no build and no machine may differ.
TEST_CASE("the same rows give the same map in every build") {
  CHECK(ContextMap::FitText(RandomGrams(15, 50), {})->fingerprint() == 0x21E187FAC48EF030ULL);
  Rng rng(15);
  std::vector<std::vector<float>> rows(40, std::vector<float>(30));
  for (std::vector<float>& row : rows) {
    std::generate(row.begin(), row.end(), [&rng] { return static_cast<float>(rng.Uniform() / 4); });
  }
  CHECK(ContextMap::FitEmbedding(rows, {})->fingerprint() == 0x10ECAFFB46AFF9FBULL);
}

TEST_CASE("bytes of a map that are cut short are refused") {
  const std::string small =
      BytesOf(*ContextMap::FitEmbedding(RandomEmbeddings(16, 20, 5), {.components = 3}));
  for (std::size_t size = 0; size < small.size(); ++size) {
    CAPTURE(size);
    CHECK(RestoreWhole(std::string_view(small).substr(0, size)) == nullptr);
  }
  const std::string large = BytesOf(*ContextMap::FitText(RandomGrams(16, 20), {}));
  for (std::size_t size = 0; size < large.size(); size += 997) {
    CHECK(RestoreWhole(std::string_view(large).substr(0, size)) == nullptr);
  }
}

TEST_CASE("changed bytes of a map are refused or are another whole") {
  const std::uint64_t seed = 17;
  CAPTURE(seed);
  Rng rng(seed);
  const std::string bytes =
      BytesOf(*ContextMap::FitEmbedding(RandomEmbeddings(seed, 20, 5), {.components = 3}));
  int refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string changed = bytes;
    for (std::uint64_t flips = 1 + rng.Below(3); flips > 0; --flips) {
      changed[rng.Below(changed.size())] = static_cast<char>(rng.Below(256));
    }
    const Map map = RestoreWhole(changed);
    CAPTURE(round);
    REQUIRE((map == nullptr || BytesOf(*map) == changed));
    refused += map == nullptr ? 1 : 0;
  }
  CHECK(refused > 1000);
}

// Replaces some bytes of a small map; the positions are those of the format's description.
Map WithBytes(std::size_t position, std::string_view replacement) {
  std::string bytes =
      BytesOf(*ContextMap::FitEmbedding(RandomEmbeddings(18, 20, 5), {.components = 3}));
  bytes.replace(position, replacement.size(), replacement);
  return RestoreWhole(bytes);
}

template <typename T>
std::string Raw(T value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof(value));
}

TEST_CASE("a map that says something impossible is refused") {
  constexpr std::size_t kInput = 4;
  constexpr std::size_t kVersion = 5;
  constexpr std::size_t kDimension = 9;
  constexpr std::size_t kComponents = 13;
  constexpr std::size_t kBitmap = 17;
  constexpr std::size_t kOffsets = 18;
  constexpr std::size_t kRows = kOffsets + 3 * sizeof(float);
  CHECK(WithBytes(0, "") != nullptr);  // the control
  CHECK(WithBytes(0, Raw(std::uint32_t{2})) == nullptr);
  CHECK(WithBytes(kInput, Raw(std::uint8_t{0})) == nullptr);
  CHECK(WithBytes(kInput, Raw(MapInput::kGrams)) == nullptr);
  CHECK(WithBytes(kVersion, Raw(std::uint32_t{0})) == nullptr);
  for (std::uint32_t dimension : {0u, 2u, 1025u, 4'000'000'000u}) {
    CHECK(WithBytes(kDimension, Raw(dimension)) == nullptr);
  }
  for (std::uint32_t components : {0u, 6u, 65u, 4'000'000'000u}) {
    CHECK(WithBytes(kComponents, Raw(components)) == nullptr);
  }
  CHECK(WithBytes(kBitmap, Raw(std::uint8_t{0x3F})) == nullptr);  // a sixth of five rows
  CHECK(WithBytes(kRows, std::string(3 * sizeof(float), '\0')) == nullptr);
  const float infinity = std::numeric_limits<float>::infinity();
  for (float number : {std::numeric_limits<float>::quiet_NaN(), infinity, -infinity, 1e9f}) {
    CHECK(WithBytes(kOffsets, Raw(number)) == nullptr);
    CHECK(WithBytes(kRows + sizeof(float), Raw(number)) == nullptr);
  }
}

TEST_CASE("inputs that did not move have no shift and others have theirs") {
  CHECK(InputShift({}) == 0);
  CHECK(InputShift(std::vector<float>{0, 0, 0}) == 0);
  CHECK(InputShift(std::vector<float>{1, -1, 1, -1}) == 1);
  CHECK(InputShift(std::vector<float>{2, 0, 0, 0}) == 1);
  const auto fit = RandomGrams(19, 60);
  const Map map = ContextMap::FitText(fit, {.components = 8});
  const auto shift = [&map](const std::vector<GramCounts>& inputs) {
    const Eigen::VectorXf mean = Projections(*map, inputs).colwise().mean().cast<float>();
    return InputShift({mean.data(), static_cast<std::size_t>(mean.size())});
  };
  CHECK(shift(fit) < 0.01);
  CHECK(shift(std::vector(5, CountGrams("123 456 789 + 17", 77))) > 0.2);
}

}  // namespace
}  // namespace sluice::policy
