// Everything that is wrong with a file is said at once: file, line, field, what would be right.
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "tests/config/helpers.h"

namespace sluice::config {

namespace {

constexpr const char* kArm =
    "[[router.arm]]\nname = \"only\"\nmodel = \"m\"\nprice_input_per_million_usd = 1\n";

}  // namespace

TEST_CASE("all problems of a file are reported together and by line") {
  const auto problems = ProblemsOf(R"(nod = 3
[data_plane]
listen = "0.0.0.0:8080"
body_bytes_max = 999999999
header_timeout_ms = "5s"

[store]
retention_days = 30

[[router]]
name = "a b"
policy = "tompson"

[router.context]
source = "embedding"

[router.exploration]
cap = 0.01
floor = 0.02
)");
  const std::vector<std::string> expected = {
      "f.toml:1: nod: unknown; did you mean node?",
      "f.toml:3: data_plane.listen: must have a loopback host (127.0.0.1, [::1] or localhost), not "
      "\"0.0.0.0\": this version has no keys, so it does not listen beyond loopback",
      "f.toml:4: data_plane.body_bytes_max: must be 1024..16777216, not 999999999",
      "f.toml:5: data_plane.header_timeout_ms: must be an integer, 10..600000, not a text",
      "f.toml:8: store.retention_days: not supported by this version",
      "f.toml:11: router[0].name: must be 1..128 of A-Z a-z 0-9 . _ -",
      "f.toml:12: router[0].policy: must be one of \"linucb\", \"thompson\", \"epsilon_greedy\", "
      "\"uniform\", \"fixed\", \"squarecb\", \"rules\", \"logistic\", \"clusters\"; did you "
      "mean \"thompson\"?",
      "f.toml:14: router[0].context.dimension: is missing: source \"embedding\" needs a dimension, "
      "1..1024",
      "f.toml:19: router[0].exploration.floor: floor must be at most cap, but 0.02 > 0.01"};
  CHECK(problems == expected);
}

TEST_CASE("the example of the documentation is refused for what later versions bring alone") {
  const auto problems = ProblemsOf(R"([data_plane]
listen = "127.0.0.1:8080"

[admin_plane]
listen = "127.0.0.1:8081"

[store]
directory = "sluice-data"
retention_days = 30

[[router]]
name = "default"
policy = "thompson"            # linucb, thompson, squarecb, epsilon_greedy, uniform, fixed
fallback_arm = "economy"

[router.context]
source = "embedding"           # or "text", the default: the built-in encoder
dimension = 384

[router.exploration]
mode = "cap"                   # cap, exact, natural, off
cap = 0.05
floor = 0.005

[[router.arm]]
name = "economy"
model = "llama-3.1-8b-instruct"
tier = 1
price_input_per_million_usd = 0.10
price_output_per_million_usd = 0.10
)");
  CHECK(problems ==
        std::vector<std::string>{"f.toml:9: store.retention_days: not supported by this version"});
}

TEST_CASE("what a later version brings is refused as not supported by this one") {
  for (const char* key : {"pins", "cascade", "session", "encoder"}) {
    CAPTURE(key);
    const std::string text = "[[router]]\n" + std::string(key) + " = 1\n";
    CHECK(ProblemsOf(text) == std::vector<std::string>{"f.toml:2: router[0]." + std::string(key) +
                                                       ": not supported by this version"});
  }
  CHECK(ProblemsOf("[[router]]\n[router.confidence_gate]\nenabled = true\nkeys = 1\n") ==
        std::vector<std::string>{
            "f.toml:4: router[0].confidence_gate.keys: not supported by this version"});
  CHECK(ProblemsOf("[keys]\n") ==
        std::vector<std::string>{"f.toml:1: keys: not supported by this version"});
}

TEST_CASE("an unknown key is refused with the nearest or with where it belongs") {
  const auto one = [](const std::string& toml) {
    const auto problems = ProblemsOf(toml);
    REQUIRE(problems.size() == 1);
    return problems[0];
  };
  CHECK(one("[learner]\ncheckpoint_event = 5\n") ==
        "f.toml:2: learner.checkpoint_event: unknown; did you mean checkpoint_events?");
  CHECK(one("[stroe]\n") == "f.toml:1: stroe: unknown; did you mean store?");
  CHECK(one("[[routers]]\n") == "f.toml:1: routers: unknown; did you mean router?");
  CHECK(one("queue_max = 5\n") == "f.toml:1: queue_max: unknown here; it belongs to [store]");
  CHECK(one("[[arm]]\nname = \"x\"\n") == "f.toml:1: arm: unknown here; it belongs to [[router]]");
  CHECK(one("[[router]]\nmode = \"cap\"\n") ==
        "f.toml:2: router[0].mode: unknown here; it belongs to [router.exploration]");
  CHECK(one("budget_usd = 1\n") ==
        "f.toml:1: budget_usd: unknown here; it belongs to [[router]] or [[router.plan]]");
  CHECK(one("arm = \"x\"\n") ==
        "f.toml:1: arm: unknown here; it belongs to "
        "[router.baseline_guard] or [[router.rule]]");
  CHECK(one("[[price]]\n") == "f.toml:1: price: unknown here; it belongs to [[router.arm]]");
  CHECK(one("[[source]]\nname = \"x\"\n") ==
        "f.toml:1: source: unknown here; it belongs to [[router]]");
  CHECK(one("[[router]]\nhalf_live = 1\n") ==
        "f.toml:2: router[0].half_live: unknown; did you mean half_life?");
  CHECK(one("[learner]\nxyzzy = 5\n") ==
        "f.toml:2: learner.xyzzy: unknown; in learner may stand checkpoint_events, "
        "checkpoint_seconds");
}

TEST_CASE("a value of another type is refused with both types") {
  CHECK(ProblemsOf("node = \"1\"\n") ==
        std::vector<std::string>{"f.toml:1: node: must be an integer, 0..65535, not a text"});
  CHECK(ProblemsOf("node = 1.0\n").size() == 1);
  CHECK(ProblemsOf("node = true\n").size() == 1);
  CHECK(
      ProblemsOf("store = 5\n") ==
      std::vector<std::string>{"f.toml:1: store: must be a table, headed [store], not an integer"});
  CHECK(ProblemsOf("[router]\n") ==
        std::vector<std::string>{
            "f.toml:1: router: must be tables, each headed [[router]], not a table"});
  CHECK(ProblemsOf("[store]\ndirectory = 2020-01-01\n") ==
        std::vector<std::string>{
            "f.toml:2: store.directory: must be a text, a path of 1..4096 bytes, not a date or "
            "time"});
  CHECK(ProblemsOf("[[router]]\ncost_weight = \"4\"\n").size() == 1);
  CHECK(ProblemsOf("[[router]]\npolicy = 4\n").size() == 1);
}

TEST_CASE("a moment without its offset is refused") {
  const std::string arm = "[[router]]\n" + std::string(kArm) +
                          "[[router.arm.price]]\ninput_per_million_usd = 1\n"
                          "output_per_million_usd = 1\nfrom = ";
  CHECK(ProblemsOf(arm + "2026-12-01T00:00:00\n") ==
        std::vector<std::string>{
            "f.toml:9: router[0].arm[0].price[0].from: must be a date and time with its offset, "
            "2026-12-01T00:00:00Z, from 1970 on; the offset is missing"});
  CHECK(ProblemsOf(arm + "2026-12-01\n") ==
        std::vector<std::string>{
            "f.toml:9: router[0].arm[0].price[0].from: must be a date and time with its offset, "
            "2026-12-01T00:00:00Z, from 1970 on, not a date or time"});
}

TEST_CASE("who owns an arm is not for files to say") {
  const auto problems = ProblemsOf("[[router]]\n" + std::string(kArm) + "owner = \"file\"\n");
  CHECK(problems == std::vector<std::string>{"f.toml:6: router[0].arm[0].owner: is not for files: "
                                             "what a file says is the file's"});
  CHECK(ProblemsOf("owner = 1\n").front().find("belongs") == std::string::npos);
}

TEST_CASE("what is done near a ceiling and at it are different choices") {
  const std::string ceiling = "[[router]]\n[router.ceiling]\nday_usd = 1\n";
  CHECK(ProblemsOf(ceiling + "nearly = \"refuse\"\n") ==
        std::vector<std::string>{"f.toml:4: router[0].ceiling.nearly: must be one of \"go_on\", "
                                 "\"cheapest\", not \"refuse\""});
  CHECK(ProblemsOf(ceiling + "reached = \"go_on\"\n") ==
        std::vector<std::string>{"f.toml:4: router[0].ceiling.reached: must be one of "
                                 "\"cheapest\", \"refuse\", not \"go_on\""});
  const auto routers = Accepted(ceiling + "nearly = \"go_on\"\nreached = \"refuse\"\n").routers;
  CHECK(routers[0].ceiling.nearly == CeilingAction::kGoOn);
  CHECK(routers[0].ceiling.reached == CeilingAction::kRefuse);
  const auto cheapest =
      Accepted(ceiling + "nearly = \"cheapest\"\nreached = \"cheapest\"\n").routers;
  CHECK(cheapest[0].ceiling.nearly == CeilingAction::kCheapest);
  CHECK(cheapest[0].ceiling.reached == CeilingAction::kCheapest);
}

TEST_CASE("an integer stands where a number is asked for") {
  CHECK(Accepted("[[router]]\ncost_weight = 4\n").routers[0].objective.cost_weight == 4);
}

TEST_CASE("numbers that are not finite are refused") {
  for (const char* number : {"nan", "inf", "-inf", "+nan"}) {
    CAPTURE(number);
    CHECK(ProblemsOf("[[router]]\ncost_weight = " + std::string(number) + "\n").size() == 1);
    CHECK(
        ProblemsOf("[[router]]\n" + std::string(kArm) + "params = {t = " + number + "}\n").size() ==
        1);
  }
}

TEST_CASE("text that is not TOML is refused with its line") {
  const auto problems = ProblemsOf("node = 1\n[store\n");
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].starts_with("f.toml:2: is not TOML: "));
  CHECK(ProblemsOf("node = 1\nnode = 2\n").size() == 1);
  CHECK(ProblemsOf("[store]\ndirectory = \"\xff\"\n").size() == 1);
}

TEST_CASE("a missing file and one that is too long are refused by name") {
  namespace fs = std::filesystem;
  auto missing = Load("/nonexistent/sluice.toml");
  REQUIRE(std::holds_alternative<std::vector<Problem>>(missing));
  CHECK(ToString(std::get<1>(missing)[0]) ==
        "/nonexistent/sluice.toml: cannot be opened: No such file or directory");

  const fs::path path =
      fs::temp_directory_path() / ("sluice-config-test-" + std::to_string(::getpid()) + ".toml");
  std::ofstream(path) << "node = 7\n";
  const auto loaded = Load(path.string());
  REQUIRE(std::holds_alternative<Options>(loaded));
  CHECK(std::get<Options>(loaded).node == 7);
  std::ofstream(path) << std::string(kFileBytesMax + 1, '\n');
  CHECK(std::holds_alternative<std::vector<Problem>>(Load(path.string())));
  fs::remove(path);
  CHECK(std::holds_alternative<std::vector<Problem>>(Load(fs::temp_directory_path().string())));
}

}  // namespace sluice::config
