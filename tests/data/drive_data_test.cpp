// Real prompts against the real daemon: the drive in lockstep makes run's decisions. Ends with 77
// (skipped) where the data is not at hand.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>

#include "tests/support/daemon_process.h"
#include "tests/support/simulate.h"
#include "tests/support/temporary_directory.h"

int main(int argc, char** argv) {
  using namespace sluice;
  const char* given = std::getenv("SLUICE_DATA_DIR");
  const std::filesystem::path folder = given != nullptr ? given : argc > 1 ? argv[1] : "";
  const std::filesystem::path data = folder / "pareto_dev.jsonl";
  if (!std::filesystem::exists(data)) {
    std::puts("skipped: there is no pareto_dev.jsonl");
    return 77;
  }
  try {
    const tests::TemporaryDirectory directory;
    const std::string what = "--data " + data.string() + " --seed 3 --feedback-delay 3";
    const std::string config = tests::WithGramSeed(directory.File("sluice.toml"));
    const auto run =
        tests::Simulate("run --config " + config + " " + what, directory.File("run.json"));
    const tests::DaemonProcess process(directory.File("data"), {"--config", config});
    const auto drive = tests::DriveInLockstep(process, what, directory.File("drive.json"));
    const bool same = tests::Comparable(drive) == tests::Comparable(run);
    std::printf("%zu prompts, decisions %s\n", drive["choices"].size(), same ? "equal" : "differ");
    return same && drive["choices"].size() == 1785 ? 0 : 1;
  } catch (const std::exception& error) {
    std::printf("failed: %s\n", error.what());
    return 1;
  }
}
