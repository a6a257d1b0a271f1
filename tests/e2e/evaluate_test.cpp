// A running daemon's log is evaluated and exported where it lies, and says the same as its copy.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/daemon_process.h"
#include "tests/support/simulate.h"
#include "tests/support/temporary_directory.h"

namespace sluice {
namespace {

std::vector<nlohmann::json> Exported(const std::string& arguments, const std::string& file) {
  const std::string command =
      std::string(SLUICE_SIM_PATH) + " export " + arguments + " --out " + file + " >/dev/null 2>&1";
  REQUIRE(std::system(command.c_str()) == 0);
  std::ifstream written(file);
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(written, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

}  // namespace

TEST_CASE("a live log and its copy give the same evaluation and the same export") {
  constexpr std::size_t kRequests = 600;
  const tests::TemporaryDirectory directory;
  const std::string config = tests::WithGramSeed(directory.File("sluice.toml"));
  const std::string live = directory.File("data");
  const tests::DaemonProcess process(live, {"--config", config});
  tests::DriveInLockstep(process, "--world tasks --seed 5 --limit " + std::to_string(kRequests),
                         directory.File("drive.json"));
  const std::string copy = directory.File("copy");
  std::filesystem::copy(live, copy, std::filesystem::copy_options::recursive);

  const std::string policy = directory.File("policy.toml");
  std::ofstream(policy) << "[[router]]\npolicy = \"linucb\"\nalpha = 0.5\n";
  const std::string how = " --labels-independent-of-arm --policy " + policy;
  const auto from_live =
      tests::Simulate("evaluate --log " + live + how, directory.File("live.json"));
  const auto from_copy =
      tests::Simulate("evaluate --log " + copy + how, directory.File("copy.json"));
  CHECK(from_live == from_copy);
  CHECK(from_live["policy"] == "linucb");
  CHECK(from_live["decisions_learnt"] == kRequests / 2);
  CHECK(from_live["decisions_evaluated"] == kRequests / 2);
  CHECK(from_live["labels_by_arm"].size() == 3);
  CHECK(from_live["quality"]["dr"]["estimate"].get<double>() > .4);

  const auto lines = Exported("--log " + live, directory.File("live.jsonl"));
  CHECK(lines == Exported("--log " + copy, directory.File("copy.jsonl")));
  REQUIRE(lines.size() == kRequests);
  for (const auto& line : lines) {
    double sum = 0;
    for (const auto& probability : line["propensities"]) sum += probability.get<double>();
    CHECK(sum == 1);
    CHECK(line["outcomes"].size() == 1);
    CHECK(line["reward"].is_number());
  }
  // The first moment is inside, the last one is not.
  const std::string from = lines[100]["time"];
  const std::string to = lines[200]["time"];
  const auto window = Exported("--log " + live + " --router default --from " + from + " --to " + to,
                               directory.File("window.jsonl"));
  REQUIRE_FALSE(window.empty());
  CHECK(window.front()["time"] == from);
  CHECK(window.back()["time"].get<std::string>() < to);
  // The daemon has noticed nothing.
  tests::DriveInLockstep(process, "--world tasks --seed 6 --limit 20", directory.File("on.json"));
}

}  // namespace sluice
