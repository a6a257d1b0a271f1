// The simulator's two ways agree: driving a live daemon in lockstep, over HTTP and RocksDB, makes
// the decisions that running in process over the in-memory store makes.
#include <cstdlib>
#include <fstream>
#include <string>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/daemon_process.h"
#include "tests/support/temporary_directory.h"

namespace sluice {

namespace {

using nlohmann::json;

// Runs sluice-sim with its table thrown away; what it wrote as JSON.
json Simulate(const std::string& arguments, const std::string& file) {
  const std::string command =
      std::string(SLUICE_SIM_PATH) + " " + arguments + " --json " + file + " >/dev/null 2>&1";
  CAPTURE(command);
  REQUIRE(std::system(command.c_str()) == 0);
  std::ifstream written(file);
  return json::parse(written);
}

}  // namespace

TEST_CASE("driving in lockstep makes the decisions that running in process makes") {
  const tests::TemporaryDirectory directory;
  const std::string what = "--world tasks --limit 500 --seed 5 --feedback-delay 7";
  json run = Simulate("run " + what, directory.File("run.json"));
  json again = Simulate("run " + what, directory.File("again.json"));
  CHECK(run == again);

  const tests::DaemonProcess process(directory.File("data"));
  json drive = Simulate("drive --lockstep " + what +
                            " --url http://127.0.0.1:" + std::to_string(process.data_port()) +
                            " --admin-url http://127.0.0.1:" + std::to_string(process.admin_port()),
                        directory.File("drive.json"));
  CHECK(drive["choices"].size() == 500);
  for (const char* only_one_has : {"command", "traffic"}) {
    drive.erase(only_one_has);
    run.erase(only_one_has);
  }
  CHECK(drive == run);
}

}  // namespace sluice
