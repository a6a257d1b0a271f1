// What is printed is what is read: over random options, to the bit.
#include <bit>
#include <cmath>

#include <catch2/catch.hpp>

#include "tests/config/any_options.h"
#include "tests/config/helpers.h"

namespace sluice::config {

namespace {

constexpr int kRounds = 300;

std::size_t Lines(const std::string& text) {
  return 1 + static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("what is printed parses back to the same options") {
  CHECK(Same(Accepted(Print(Defaults())), Defaults()));
  for (std::uint64_t seed = 0; seed < kRounds; ++seed) {
    CAPTURE(seed);
    policy::Rng rng(seed);
    const Options options = AnyOptions(rng, Origin::kFile);
    const std::string text = Print(options);
    CAPTURE(text);
    const Options back = Accepted(text);
    REQUIRE(Same(back, options));
    REQUIRE(Print(back) == text);
  }
}

TEST_CASE("a router survives its canonical text and equal routers print equal bytes") {
  for (std::uint64_t seed = 0; seed < kRounds; ++seed) {
    CAPTURE(seed);
    policy::Rng rng(seed, 1);
    const RouterOptions router = AnyOptions(rng, Origin::kLog).routers.front();
    const std::string text = PrintRouter(router);
    CAPTURE(text);
    auto back = ParseRouter(text);
    REQUIRE(std::holds_alternative<RouterOptions>(back));
    REQUIRE(std::get<RouterOptions>(back) == router);
    REQUIRE(PrintRouter(std::get<RouterOptions>(back)) == text);
  }
}

TEST_CASE("the canonical text has no comments and depends on nothing that a file may vary") {
  const Options a = Accepted(
      "[[router]]\nname = \"r\" # a comment\ncost_weight = 4\n[router.prior]\nquality_mean = 0.5\n"
      "[[router.arm]]\nname = \"x\"\nmodel = \"m\"\nprice_input_per_million_usd = 1\n"
      "params = {b = 1, a = 2}\n");
  const Options b = Accepted(
      "[[router]]\ncost_weight = 4.0\nname = 'r'\n[[router.arm]]\nparams.a = 2\nparams.b = 1\n"
      "price_input_per_million_usd = 1.0\nmodel = \"m\"\nname = \"x\"\n[router.prior]\n"
      "quality_mean = 5e-1\n");
  const std::string text = PrintRouter(a.routers[0]);
  CHECK(text == PrintRouter(b.routers[0]));
  CHECK(text.find('#') == std::string::npos);
  CHECK(text.find("params = {a = 2, b = 1}") != std::string::npos);
}

TEST_CASE("doubles of params come back to the bit") {
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    policy::Rng rng(seed, 2);
    RouterOptions router = Defaults().routers[0];
    double number = AnyFinite(rng);
    if (seed == 0) number = -0.0;
    if (seed == 1) number = 5e-324;
    if (seed == 2) number = 1.7976931348623157e308;
    if (seed == 3) number = 1e22;
    router.arms.resize(1);
    router.fallback_arm = "economy";
    router.arms[0].params = {{"x", number}};
    auto back = ParseRouter(PrintRouter(router));
    CAPTURE(seed, number);
    REQUIRE(std::holds_alternative<RouterOptions>(back));
    const Scalar scalar = std::get<RouterOptions>(back).arms[0].params[0].second;
    REQUIRE(std::holds_alternative<double>(scalar));
    REQUIRE(std::bit_cast<std::uint64_t>(std::get<double>(scalar)) ==
            std::bit_cast<std::uint64_t>(number));
  }
}

TEST_CASE("who owns an arm stands in the canonical text alone and only when it is not the file") {
  RouterOptions router = Defaults().routers[0];
  CHECK(PrintRouter(router).find("owner") == std::string::npos);
  router.arms[1].owner = ArmOwner::kAdmin;
  const std::string text = PrintRouter(router);
  CHECK(text.find("owner = \"admin\"") != std::string::npos);
  CHECK(std::get<RouterOptions>(ParseRouter(text)).arms == router.arms);
  Options options = Defaults();
  options.routers[0] = router;
  CHECK(Print(options).find("owner") == std::string::npos);
}

TEST_CASE("a moment comes back to the microsecond and is printed in UTC") {
  const auto from = [](const std::string& text) {
    const Options options = Accepted(
        "[[router]]\n[[router.arm]]\nname = \"x\"\nmodel = \"m\"\n"
        "price_input_per_million_usd = 1\n[[router.arm.price]]\ninput_per_million_usd = 1\n"
        "output_per_million_usd = 1\nfrom = " +
        text + "\n");
    const std::string canonical = PrintRouter(options.routers[0]);
    const std::size_t at = canonical.find("from = ") + 7;
    return std::pair(options.routers[0].arms[0].price_changes[0].from_us,
                     canonical.substr(at, canonical.find('\n', at) - at));
  };
  CHECK(from("2026-12-01T00:00:00Z") ==
        std::pair(std::uint64_t{1796083200000000}, std::string("2026-12-01T00:00:00Z")));
  CHECK(from("2026-12-01T02:30:00.25+02:30").second == "2026-12-01T00:00:00.250000Z");
  CHECK(from("2028-02-28T23:59:59.000001-00:01").second == "2028-02-29T00:00:59.000001Z");
  CHECK(from("1970-01-01 00:00:00Z").first == 0);
}

TEST_CASE("the fields of a table that is not there are shown in comments") {
  const std::string text = Print(Defaults());
  CHECK(text.find("# [[router.plan]]\n") != std::string::npos);
  CHECK(text.find("# ceiling_day_usd =\n") != std::string::npos);
  CHECK(text.find("# [[router.arm.price]]\n") != std::string::npos);
  CHECK(text.find("# 0..1; rebuild; default 1.0\n# weight =\n") != std::string::npos);
  for (const char* key : {"from", "weight", "ceiling_month_usd"}) {
    CAPTURE(key);
    CHECK(text.find("\n" + std::string(key) + " = ") == std::string::npos);
  }
}

TEST_CASE("every field is printed with its doc and bounds") {
  const std::string text = Print(Defaults());
  CHECK(text.find("# A request's header must be complete within this time; else 408.\n"
                  "# 10..600000 ms; at restart; default 5000\n"
                  "header_timeout_ms = 5000\n") != std::string::npos);
  CHECK(text.find("# dimension =\n") != std::string::npos);
  CHECK(text.find("# [[router.context.feature]]\n") != std::string::npos);
}

TEST_CASE("a router text with none or two routers or other tables is refused") {
  const std::string one = PrintRouter(Defaults().routers[0]);
  RouterOptions other = Defaults().routers[0];
  other.name = "other";
  for (const std::string& text :
       {std::string(), one + PrintRouter(other), one + "[store]\n", "node = 1\n" + one}) {
    CHECK(std::holds_alternative<std::vector<Problem>>(ParseRouter(text)));
  }
}

TEST_CASE("damaged text is answered with options or with problems that stand in it") {
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    CAPTURE(seed);
    policy::Rng rng(seed, 3);
    std::string text = PrintRouter(Defaults().routers[0]);
    for (std::uint64_t i = 1 + rng.Below(4); i > 0; --i) {
      const std::size_t at = rng.Below(text.size());
      switch (rng.Below(3)) {
        case 0:
          text[at] = static_cast<char>(rng.Below(256));
          break;
        case 1:
          text.erase(at, 1 + rng.Below(20));
          break;
        default:
          text.insert(at, text.substr(rng.Below(text.size()), rng.Below(30)));
      }
    }
    CAPTURE(text);
    const auto parsed = Parse(text, "f");
    if (const auto* problems = std::get_if<std::vector<Problem>>(&parsed)) {
      REQUIRE_FALSE(problems->empty());
      for (const Problem& problem : *problems) {
        REQUIRE(problem.line >= 0);
        REQUIRE(static_cast<std::size_t>(problem.line) <= Lines(text));
        REQUIRE_FALSE(problem.text.empty());
      }
    }
  }
}

}  // namespace sluice::config
