// The text scalars of real prompts against reference values. The data is not ours to ship: the
// program looks in SLUICE_DATA_DIR, else in the folder that is its argument, and reports "skipped"
// (77) where there is none.
//
// The reference was computed with Unicode letters, digits and blanks, ours are the ASCII ones: the
// data's own description expects 5 rows to differ, in the features 6, 7, 18 and 19 only.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "policy/encoder.h"

namespace {

using sluice::policy::kScalarFeatures;

constexpr int kSkipped = 77;
constexpr std::size_t kRows = 1785;
constexpr std::size_t kRowsThatDiffer = 5;
const std::set<std::size_t> kFeaturesThatDiffer{6, 7, 18, 19};

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

std::vector<float> Floats(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  std::vector<float> floats(bytes.size() / sizeof(float));
  std::memcpy(floats.data(), bytes.data(), floats.size() * sizeof(float));
  return floats;
}

// Numbers, 1 to 36, of the features in which the prompt differs from its reference row.
std::vector<std::size_t> Differences(const std::string& prompt, const float* reference) {
  std::array<double, kScalarFeatures> raw;
  sluice::policy::RawScalars(prompt, raw.data());
  std::vector<std::size_t> differences;
  for (std::size_t i = 0; i < kScalarFeatures; ++i) {
    const double expected = reference[i];
    if (!(std::abs(raw[i] - expected) <= 1e-6 * std::max(1.0, std::abs(expected)))) {
      differences.push_back(i + 1);
    }
  }
  return differences;
}

// Rows that differ; prints each, and complains about a feature that may not differ.
std::size_t CountRowsThatDiffer(const std::vector<std::string>& prompts,
                                const std::vector<float>& reference, bool& only_expected) {
  std::size_t rows = 0;
  for (std::size_t row = 0; row < prompts.size(); ++row) {
    const auto differences = Differences(prompts[row], &reference[row * kScalarFeatures]);
    rows += differences.empty() ? 0 : 1;
    for (std::size_t feature : differences) {
      std::printf("row %zu differs in feature %zu\n", row, feature);
      only_expected = only_expected && kFeaturesThatDiffer.contains(feature);
    }
  }
  return rows;
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
  const auto reference = Floats(folder / "features" / "scalars36_raw_1785x36.f32");
  if (prompts.size() != kRows || reference.size() != kRows * kScalarFeatures) {
    std::printf("failed: %zu prompts, %zu numbers\n", prompts.size(), reference.size());
    return 1;
  }
  bool only_expected = true;
  const std::size_t rows = CountRowsThatDiffer(prompts, reference, only_expected);
  std::printf("%zu of %zu rows differ; expected %zu\n", rows, kRows, kRowsThatDiffer);
  return rows == kRowsThatDiffer && only_expected ? 0 : 1;
}
