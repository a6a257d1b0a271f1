// Rules between fields.
#include <catch2/catch.hpp>

#include "config/field.h"
#include "policy/policy.h"
#include "tests/config/helpers.h"

namespace sluice::config {

namespace {

std::string Arm(const std::string& name, const std::string& rest = "") {
  return "[[router.arm]]\nname = \"" + name +
         "\"\nmodel = \"m\"\nprice_input_per_million_usd = 1\n" + rest;
}

std::string Many(const std::string& table, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += table + "name = \"n" + std::to_string(i) + "\"\n";
  return text;
}

}  // namespace

TEST_CASE("routers and arms and features have names of their own") {
  CHECK(Only("[[router]]\n[[router]]\n") ==
        "f.toml:2: router[1].name: \"default\" is taken by router[0] (line 1): names must differ");
  CHECK(Only("[[router]]\n" + Arm("x") + Arm("x")) ==
        "f.toml:7: router[0].arm[1].name: \"x\" is taken by router[0].arm[0] (line 3): names must "
        "differ");
  const std::string feature = "[[router.context.feature]]\nname = \"f\"\n";
  CHECK(Only("[[router]]\n" + feature + feature)
            .starts_with("f.toml:5: router[0].context.feature[1].name: \"f\" is taken"));
  CHECK(ProblemsOf("[[router]]\n" + Arm("x") + "[[router]]\nname = \"b\"\n" + Arm("x")).empty());
}

TEST_CASE("at most 64 routers and arms and features") {
  CHECK(ProblemsOf(Many("[[router]]\n", 64)).empty());
  CHECK(Only(Many("[[router]]\n", 65)) ==
        "f.toml:1: router: must be at most 64 of [[router]], not 65");

  const std::string arm = "[[router.arm]]\nmodel = \"m\"\nprice_output_per_million_usd = 1\n";
  CHECK(ProblemsOf("[[router]]\n" + Many(arm, 64)).empty());
  CHECK(Only("[[router]]\n" + Many(arm, 65)) ==
        "f.toml:2: router[0].arm: must be at most 64 of [[router.arm]], not 65");

  const std::string feature = "[[router.context.feature]]\n";
  CHECK(ProblemsOf("[[router]]\n" + Many(feature, 64)).empty());
  CHECK(Only("[[router]]\n" + Many(feature, 65)) ==
        "f.toml:2: router[0].context.feature: must be at most 64 of [[router.context.feature]], "
        "not 65");
}

TEST_CASE("arms that are named exist") {
  CHECK(Only("[[router]]\nfallback_arm = \"standrd\"\n") ==
        "f.toml:2: router[0].fallback_arm: this router has no arm \"standrd\"; did you mean "
        "\"standard\"?");
  CHECK(Only("[[router]]\npolicy = \"fixed\"\nfixed_arm = \"x\"\n") ==
        "f.toml:3: router[0].fixed_arm: this router has no arm \"x\"");
  CHECK(Only("[[router]]\npolicy = \"fixed\"\n") ==
        "f.toml:1: router[0].fixed_arm: is missing: policy \"fixed\" needs the name of an arm");
  CHECK(ProblemsOf("[[router]]\nfallback_arm = \"x\"\n" + Arm("x")).empty());
}

TEST_CASE("another mode than natural with a policy that has its own distribution says why not") {
  for (const std::string policy : {"uniform", "epsilon_greedy", "squarecb"}) {
    for (const std::string mode : {"cap", "exact", "off"}) {
      CAPTURE(policy, mode);
      CHECK(Only("[[router]]\npolicy = \"" + policy + "\"\n[router.exploration]\nmode = \"" + mode +
                 "\"\n") ==
            "f.toml:4: router[0].exploration.mode: must be \"natural\", or left out, with policy "
            "\"" +
                policy +
                "\": it has a distribution of its own, which another mode would "
                "replace");
    }
  }
  CHECK(ProblemsOf("[[router]]\npolicy = \"uniform\"\n[router.exploration]\nmode = \"natural\"\n")
            .empty());
}

TEST_CASE("a dimension goes with an embedding and only there") {
  CHECK(Only("[[router]]\n[router.context]\nsource = \"text\"\ndimension = 8\n")
            .starts_with("f.toml:4: router[0].context.dimension: does not go with source"));
  CHECK(Only("[[router]]\n[router.context]\nsource = \"embedding\"\n")
            .starts_with("f.toml:2: router[0].context.dimension: is missing"));
}

TEST_CASE("embedding and features and bias fit into a context") {
  const std::string context = "[[router]]\n[router.context]\nsource = \"embedding\"\ndimension = ";
  const std::string features = Many("[[router.context.feature]]\n", 2);
  CHECK(ProblemsOf(context + "1024\n").empty());
  CHECK(ProblemsOf(context + "1022\n" + features).empty());
  CHECK(Only(context + "1023\n" + features) ==
        "f.toml:5: router[0].context.feature: dimension and features must be at most 1024 "
        "together, not 1025");
}

TEST_CASE("an arm has a price above zero") {
  CHECK(Only("[[router]]\n[[router.arm]]\nname = \"x\"\nmodel = \"m\"\n")
            .starts_with("f.toml:2: router[0].arm[0].price_output_per_million_usd: one of "));
  CHECK(ProblemsOf("[[router]]\n[[router.arm]]\nname = \"x\"\nmodel = \"m\"\n"
                   "price_output_per_million_usd = 0.1\n")
            .empty());
}

TEST_CASE("an arm without a name or model is refused") {
  const auto problems = ProblemsOf("[[router]]\n[[router.arm]]\nprice_input_per_million_usd = 1\n");
  REQUIRE(problems.size() == 2);
  CHECK(problems[0].starts_with("f.toml:2: router[0].arm[0].name: is missing"));
  CHECK(problems[1].starts_with("f.toml:2: router[0].arm[0].model: is missing"));
}

TEST_CASE("bounds that depend on one another hold") {
  CHECK(Only("[data_plane]\nbody_bytes_in_flight_max = 1048575\n") ==
        "f.toml:2: data_plane.body_bytes_in_flight_max: must be at least body_bytes_max, 1048576");
  CHECK(ProblemsOf("[data_plane]\nbody_bytes_in_flight_max = 1048576\n").empty());
  CHECK(Only("[store]\nqueue_max = 300\nbatch_max = 301\n") ==
        "f.toml:3: store.batch_max: must be at most queue_max, 300");
  CHECK(ProblemsOf("[store]\nqueue_max = 300\nbatch_max = 300\n").empty());
  const std::string exploration = "[[router]]\n[router.exploration]\n";
  CHECK(Only(exploration + "cap = 0.001\n") ==
        "f.toml:3: router[0].exploration.cap: floor must be at most cap, but 0.005 > 0.001");
  CHECK(ProblemsOf(exploration + "cap = 0.1\nfloor = 0.1\n").empty());
}

TEST_CASE("the planes have ports of their own") {
  CHECK(Only("[admin_plane]\nlisten = \"127.0.0.1:8080\"\n")
            .starts_with("f.toml:2: admin_plane.listen: both planes listen on port 8080"));
  CHECK(Only("[data_plane]\nlisten = \"localhost:8081\"\n")
            .starts_with("f.toml:2: data_plane.listen: both planes listen on port 8081"));
  CHECK(ProblemsOf("[data_plane]\nlisten = \"127.0.0.1:0\"\n"
                   "[admin_plane]\nlisten = \"127.0.0.1:0\"\n")
            .empty());
}

TEST_CASE("a plane listens on loopback and nowhere else") {
  using Address = std::pair<std::string, std::uint16_t>;
  const auto parse = [](std::string_view text) { return ParseListen(text, "--listen"); };
  CHECK(std::get<Address>(parse("127.0.0.1:8080")) == Address("127.0.0.1", 8080));
  CHECK(std::get<Address>(parse("127.8.9.10:1")) == Address("127.8.9.10", 1));
  CHECK(std::get<Address>(parse("localhost:0")) == Address("127.0.0.1", 0));
  CHECK(std::get<Address>(parse("[::1]:65535")) == Address("::1", 65535));
  CHECK(std::get<Address>(parse("[0:0::1]:80")) == Address("::1", 80));
  for (const char* text : {"",
                           ":",
                           "8080",
                           "127.0.0.1",
                           "127.0.0.1:",
                           "127.0.0.1:65536",
                           "127.0.0.1:-1",
                           "127.0.0.1:80 ",
                           "127.0.0.1:8o",
                           "::1:80",
                           "[::1]",
                           "[127.0.0.1:80",
                           "[]:80",
                           ":80",
                           "0.0.0.0:80",
                           "128.0.0.1:80",
                           "10.0.0.1:80",
                           "[::]:80",
                           "[::ffff:127.0.0.1]:80",
                           "[fe80::1]:80",
                           "example.com:80",
                           "127.1:80",
                           "localhost.:80",
                           "[localhost]:80:80"}) {
    CAPTURE(text);
    const auto parsed = parse(text);
    REQUIRE(std::holds_alternative<std::vector<Problem>>(parsed));
    CHECK(std::get<1>(parsed)[0].field == "--listen");
  }
}

TEST_CASE("names of policies are the ones that policy has") {
  for (std::size_t i = 0; i < std::size(kPolicyNames); ++i) {
    CHECK(policy::PolicyKindName(static_cast<policy::PolicyKind>(i)) == kPolicyNames[i]);
  }
  CHECK(policy::PolicyKindName(policy::PolicyKind::kClusters) ==
        kPolicyNames[std::size(kPolicyNames) - 1]);
}

TEST_CASE("no more is learnt than a checkpoint holds") {
  const auto routers = [](int count) {
    std::string toml;
    for (int i = 0; i < count; ++i) {
      toml += "[[router]]\nname = \"r" + std::to_string(i) + "\"\nfallback_arm = \"n0\"\n" +
              "[router.context]\nsource = \"embedding\"\ndimension = 1024\n";
      for (int arm = 0; arm < 60; ++arm) toml += Arm("n" + std::to_string(arm));
    }
    return toml;
  };
  CHECK(ProblemsOf(routers(1)).empty());
  const std::string problem = Only(routers(2));
  CHECK(problem.find("965 MiB") != std::string::npos);
  CHECK(problem.find("a second daemon") != std::string::npos);
}

TEST_CASE("what budgets remember and maps hold counts as learnt") {
  const auto routers = [](int plans, const std::string& projection) {
    std::string toml;
    for (int i = 0; i < 64; ++i) {
      toml += "[[router]]\nname = \"r" + std::to_string(i) + "\"\n[router.context]\n" +
              "components = 64\nprojection = \"" + projection + "\"\n" +
              Many("[[router.context.feature]]\n", 64) + Many("[[router.plan]]\n", plans) +
              Many("[[router.arm]]\nmodel = \"m\"\nprice_input_per_million_usd = 1\n", 64);
    }
    return toml;
  };
  // 64 routers: sums of 64 arms at d = 129, maps of 8,192 x 64, 33 times 300 contexts.
  CHECK(ProblemsOf(routers(0, "fitted")).empty());
  CHECK(Only(routers(32, "fitted")).find("1118 MiB") != std::string::npos);
  // The same at d = 101 and without maps.
  CHECK(ProblemsOf(routers(32, "none")).empty());
}

TEST_CASE("what waits for a restart is named and nothing else") {
  const Options now = Defaults();
  Options wanted = now;
  wanted.routers[0].objective.cost_weight += 1;
  CHECK(RestartDifferences(now, wanted).empty());
  wanted.node = 7;
  wanted.data_plane.body_bytes_max /= 2;
  wanted.data_plane.idle_timeout *= 2;
  wanted.admin_plane.port = 9;
  wanted.store.queue_max /= 2;
  CHECK(RestartDifferences(now, wanted) ==
        std::vector<std::string>{"node", "data_plane.body_bytes_max", "data_plane.idle_timeout_ms",
                                 "admin_plane.listen", "store.queue_max"});
}

}  // namespace sluice::config
