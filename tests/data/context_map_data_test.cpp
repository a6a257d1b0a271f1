// The context map of real prompts against a reference. The data is not ours to ship: the program
// looks in SLUICE_DATA_DIR, else in the folder that is its argument, and reports "skipped" (77)
// where there is none.
//
// The reference (svd25_300_exact) is a double precision SVD of the same 300 prompts with 2^18
// buckets a block. With as many buckets our axes must be the same ones. With the 2^12 of the
// product, grams collide: the leading axes are nearly the same, the last ones, whose singular
// values are close together, turn among themselves, so that what is asked is how much of the
// reference's coordinates a linear function of ours says.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <Eigen/Dense>
#include <nlohmann/json.hpp>

#include "policy/context_map.h"
#include "policy/map_axes.h"

namespace {

using namespace sluice::policy;

constexpr int kSkipped = 77;
constexpr std::size_t kPrompts = 1785;
constexpr std::size_t kComponents = 25;
constexpr std::size_t kReferenceBuckets = std::size_t{1} << 18;
constexpr std::uint32_t kReferenceSeed = 0;
// The reference has Unicode lower case and blanks, ours are the ASCII ones: five prompts have
// others (capital E acute and Theta, the line separator, the no-break space). None was fitted on.
constexpr std::size_t kRowsThatDiffer = 5;
constexpr double kTolerance = 1e-5;  // in standard deviations

// With 2^12 buckets: of each of the first ten coordinates, and of all on average. Measured with
// this seed: .988 and .957; with five others .981 to .988 and .919 to .961.
constexpr double kLeadingShareMin = 0.97;
constexpr double kShareMin = 0.93;

// The prompts that the reference was fitted on. The order is immaterial.
constexpr std::array kFitRows{
    1,    4,    10,   20,   25,   26,   28,   31,   38,   45,   47,   48,   51,   60,   67,   75,
    80,   82,   83,   86,   103,  107,  116,  119,  125,  129,  134,  140,  143,  146,  150,  152,
    169,  171,  174,  175,  180,  184,  208,  209,  214,  220,  223,  232,  235,  241,  250,  263,
    274,  282,  283,  284,  289,  298,  302,  304,  309,  315,  334,  337,  338,  340,  350,  352,
    357,  361,  365,  371,  378,  380,  381,  393,  394,  395,  415,  419,  427,  429,  435,  436,
    444,  448,  454,  463,  470,  471,  472,  483,  489,  506,  509,  510,  518,  520,  532,  541,
    542,  544,  548,  556,  557,  572,  578,  579,  585,  591,  595,  596,  631,  639,  655,  662,
    664,  674,  676,  677,  681,  683,  684,  686,  691,  693,  696,  697,  699,  701,  702,  717,
    728,  729,  734,  738,  751,  756,  783,  786,  790,  797,  800,  812,  823,  837,  845,  847,
    850,  853,  854,  858,  859,  864,  874,  876,  879,  881,  884,  885,  895,  896,  898,  905,
    921,  923,  935,  936,  940,  942,  944,  946,  956,  964,  967,  970,  974,  980,  982,  999,
    1004, 1014, 1017, 1024, 1044, 1045, 1071, 1073, 1078, 1090, 1095, 1096, 1105, 1112, 1115, 1116,
    1122, 1126, 1130, 1131, 1140, 1144, 1148, 1160, 1162, 1166, 1169, 1171, 1178, 1183, 1187, 1195,
    1205, 1227, 1229, 1230, 1231, 1237, 1239, 1241, 1248, 1255, 1260, 1263, 1273, 1283, 1295, 1300,
    1303, 1318, 1321, 1322, 1323, 1329, 1335, 1341, 1345, 1357, 1362, 1364, 1375, 1385, 1387, 1392,
    1400, 1404, 1405, 1406, 1412, 1430, 1432, 1440, 1441, 1446, 1453, 1454, 1455, 1459, 1464, 1466,
    1476, 1478, 1479, 1488, 1492, 1501, 1515, 1525, 1536, 1538, 1551, 1555, 1570, 1580, 1581, 1589,
    1609, 1612, 1615, 1620, 1632, 1641, 1664, 1671, 1673, 1688, 1691, 1695, 1700, 1701, 1705, 1706,
    1712, 1730, 1732, 1737, 1738, 1739, 1750, 1754, 1769, 1770, 1775, 1779};

// Of the first prompts, in blocks of kReferenceBuckets.
struct GoldenCounts {
  std::size_t words;
  std::size_t characters;
};
constexpr std::array<GoldenCounts, 5> kGolden{
    {{23, 116}, {124, 571}, {58, 256}, {115, 588}, {84, 254}}};

std::vector<std::string> Prompts(const std::filesystem::path& file) {
  std::vector<std::string> prompts;
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);  // the header
  while (std::getline(in, line)) {
    prompts.push_back(nlohmann::json::parse(line).at("prompt").get<std::string>());
  }
  return prompts;
}

// Rows of kComponents and a bias, which is left out. Empty when the file is another.
Eigen::MatrixXd Reference(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  std::vector<float> floats(kPrompts * (kComponents + 1));
  if (bytes.size() != floats.size() * sizeof(float)) {
    return {};
  }
  std::memcpy(floats.data(), bytes.data(), bytes.size());
  using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  return Eigen::Map<const Rows>(floats.data(), kPrompts, kComponents + 1)
      .leftCols(kComponents)
      .cast<double>();
}

double MillisecondsSince(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
      .count();
}

bool GoldenCountsHold(const std::vector<std::string>& prompts) {
  bool hold = true;
  for (std::size_t row = 0; row < kGolden.size(); ++row) {
    const auto sums = SumGrams(prompts[row], kReferenceSeed, kReferenceBuckets);
    const auto words = static_cast<std::size_t>(std::count_if(
        sums.begin(), sums.end(), [](const GramSum& g) { return g.bucket < kReferenceBuckets; }));
    hold = hold && words == kGolden[row].words && sums.size() - words == kGolden[row].characters;
    std::printf("row %zu: %zu words, %zu characters\n", row, words, sums.size() - words);
  }
  return hold;
}

// Coordinates of every prompt by axes with the reference's number of buckets.
Eigen::MatrixXd WideCoordinates(const std::vector<std::string>& prompts) {
  std::vector<SparseRow> rows;
  for (const std::string& prompt : prompts) {
    rows.push_back(
        WeighedGrams(SumGrams(prompt, kReferenceSeed, kReferenceBuckets), kReferenceBuckets));
  }
  std::vector<SparseRow> fit;
  for (int row : kFitRows) {
    fit.push_back(rows[static_cast<std::size_t>(row)]);
  }
  const MapAxes axes = FitAxes(fit, 2 * kReferenceBuckets, kComponents);
  Eigen::MatrixXd coordinates(kPrompts, axes.components);
  for (std::size_t i = 0; i < kPrompts; ++i) {
    for (std::size_t k = 0; k < axes.components; ++k) {
      double sum = -axes.offsets[k];
      for (std::size_t e = 0; e < rows[i].indices.size(); ++e) {
        sum += rows[i].values[e] * axes.weights[rows[i].indices[e] * axes.components + k];
      }
      coordinates(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(k)) =
          std::clamp(sum, -4.0, 4.0);
    }
  }
  return coordinates;
}

// Turns each column of `coordinates` the way that the reference's points: signs are free.
void AlignSigns(Eigen::MatrixXd& coordinates, const Eigen::MatrixXd& reference) {
  for (Eigen::Index k = 0; k < coordinates.cols(); ++k) {
    if (coordinates.col(k).dot(reference.col(k)) < 0) {
      coordinates.col(k) *= -1;
    }
  }
}

bool WideAxesAreTheReference(const std::vector<std::string>& prompts,
                             const Eigen::MatrixXd& reference) {
  Eigen::MatrixXd wide = WideCoordinates(prompts);
  if (wide.cols() != reference.cols()) {
    return false;
  }
  AlignSigns(wide, reference);
  std::size_t rows = 0;
  double worst_of_others = 0;
  for (Eigen::Index i = 0; i < wide.rows(); ++i) {
    const double worst = (wide.row(i) - reference.row(i)).cwiseAbs().maxCoeff();
    const bool differs = worst > kTolerance;
    rows += differs ? 1 : 0;
    worst_of_others = differs ? worst_of_others : std::max(worst_of_others, worst);
  }
  std::printf("2^18 buckets: %zu rows differ, expected %zu; the others by at most %.1e\n", rows,
              kRowsThatDiffer, worst_of_others);
  return rows == kRowsThatDiffer;
}

// The map as the product fits it; prints what it costs.
std::shared_ptr<const ContextMap> FitMap(const std::vector<GramCounts>& grams) {
  std::vector<GramCounts> fit;
  for (int row : kFitRows) {
    fit.push_back(grams[static_cast<std::size_t>(row)]);
  }
  const auto begin = std::chrono::steady_clock::now();
  auto map = ContextMap::FitText(fit, {.components = kComponents});
  const double milliseconds = MillisecondsSince(begin);
  std::string bytes;
  map->Serialise(bytes);
  std::printf("fitting %zu prompts took %.0f ms; the map has %zu bytes, fingerprint %016llx\n",
              fit.size(), milliseconds, bytes.size(),
              static_cast<unsigned long long>(map->fingerprint()));
  return map;
}

Eigen::MatrixXd NarrowCoordinates(const std::vector<std::string>& prompts) {
  std::vector<GramCounts> grams;
  std::size_t text_bytes = 0;
  std::size_t logged_bytes = 0;
  auto begin = std::chrono::steady_clock::now();
  for (const std::string& prompt : prompts) {
    grams.push_back(CountGrams(prompt, kReferenceSeed));
  }
  const double counting = MillisecondsSince(begin);
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    text_bytes += prompts[i].size();
    logged_bytes += EncodeGrams(grams[i]).size();
  }
  const auto map = FitMap(grams);
  Eigen::MatrixXd coordinates(kPrompts, map->components());
  std::vector<float> projected(map->components());
  begin = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < kPrompts; ++i) {
    map->Project(grams[i], projected.data());
    coordinates.row(static_cast<Eigen::Index>(i)) =
        Eigen::Map<Eigen::RowVectorXf>(projected.data(), coordinates.cols()).cast<double>();
  }
  const double projecting = MillisecondsSince(begin);
  const double count = kPrompts;
  std::printf("a prompt: %.0f bytes of text, %.0f of log, counted in %.1f us, projected in %.1f\n",
              static_cast<double>(text_bytes) / count, static_cast<double>(logged_bytes) / count,
              counting / count * 1e3, projecting / count * 1e3);
  return coordinates;
}

// Of each column of `reference`, the share of its variance that a linear function of all of
// `coordinates` and a constant explains.
Eigen::VectorXd ExplainedShares(const Eigen::MatrixXd& coordinates,
                                const Eigen::MatrixXd& reference) {
  Eigen::MatrixXd x(coordinates.rows(), coordinates.cols() + 1);
  x << coordinates, Eigen::VectorXd::Ones(coordinates.rows());
  const Eigen::MatrixXd left = reference - x * x.colPivHouseholderQr().solve(reference);
  const Eigen::MatrixXd centred = reference.rowwise() - reference.colwise().mean();
  return 1 - left.colwise().squaredNorm().array().transpose() /
                 centred.colwise().squaredNorm().array().transpose();
}

bool NarrowMapSaysTheSame(const std::vector<std::string>& prompts,
                          const Eigen::MatrixXd& reference) {
  const Eigen::VectorXd shares = ExplainedShares(NarrowCoordinates(prompts), reference);
  std::printf("2^12 buckets, share of the reference explained, by component:");
  for (double share : shares) {
    std::printf(" %.3f", share);
  }
  std::printf("\nfirst ten: mean %.4f, least %.4f; all: mean %.4f\n", shares.head(10).mean(),
              shares.head(10).minCoeff(), shares.mean());
  return shares.head(10).minCoeff() > kLeadingShareMin && shares.mean() > kShareMin;
}

}  // namespace

int main(int argc, char** argv) {
  const char* named = std::getenv("SLUICE_DATA_DIR");
  const std::filesystem::path folder = named != nullptr ? named : argc > 1 ? argv[1] : "";
  if (!std::filesystem::exists(folder / "pareto_dev.jsonl")) {
    std::printf("skipped: no data\n");
    return kSkipped;
  }
  const auto prompts = Prompts(folder / "pareto_dev.jsonl");
  const auto reference = Reference(folder / "features" / "svd25_300_exact_1785x26.f32");
  if (prompts.size() != kPrompts || reference.size() == 0) {
    std::printf("failed: %zu prompts, %td numbers\n", prompts.size(), reference.size());
    return 1;
  }
  const bool golden = GoldenCountsHold(prompts);
  const bool wide = WideAxesAreTheReference(prompts, reference);
  const bool narrow = NarrowMapSaysTheSame(prompts, reference);
  std::printf("golden counts %s, 2^18 buckets %s, 2^12 buckets %s\n", golden ? "hold" : "FAIL",
              wide ? "hold" : "FAIL", narrow ? "hold" : "FAIL");
  return golden && wide && narrow ? 0 : 1;
}
