// The simulator's two ways agree: driving a live daemon in lockstep, over HTTP and RocksDB, makes
// the decisions that running in process over the in-memory store makes.
#include <string>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/daemon_process.h"
#include "tests/support/simulate.h"
#include "tests/support/temporary_directory.h"

namespace sluice {

TEST_CASE("driving in lockstep makes the decisions that running in process makes") {
  const tests::TemporaryDirectory directory;
  const std::string what = "--world tasks --limit 500 --seed 5 --feedback-delay 7";
  const std::string config = tests::WithGramSeed(directory.File("sluice.toml"));
  const std::string course = "run --config " + config + " " + what;
  const auto run = tests::Simulate(course, directory.File("run.json"));
  CHECK(run == tests::Simulate(course, directory.File("again.json")));

  const tests::DaemonProcess process(directory.File("data"), {"--config", config});
  const auto drive = tests::DriveInLockstep(process, what, directory.File("drive.json"));
  CHECK(drive["choices"].size() == 500);
  CHECK((tests::Comparable(drive) == tests::Comparable(run)));
}

}  // namespace sluice
