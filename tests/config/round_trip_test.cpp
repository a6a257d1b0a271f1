// What is printed is what is read: over random options, to the bit.
#include <bit>
#include <cmath>

#include <catch2/catch.hpp>

#include "config/layout.h"
#include "policy/rng.h"
#include "tests/config/helpers.h"

namespace sluice::config {

namespace {

constexpr int kRounds = 300;

double AnyFinite(policy::Rng& rng) {
  while (true) {
    const auto number = std::bit_cast<double>(rng.Bits());
    if (std::isfinite(number)) return number;
  }
}

std::string AnyText(policy::Rng& rng, std::size_t bytes_max) {
  constexpr std::string_view kPieces[] = {
      "a",      "Z",      "0", "\"", "\\", "\n", "\t",   "#",    "\r",
      "\u00e9", "\u4e2d", "'", "=",  " ",  "]",  "\x01", "\x7f", std::string_view("\0", 1)};
  std::string text;
  while (text.size() + 4 <= bytes_max && rng.Below(40) != 0) {
    text += kPieces[rng.Below(std::size(kPieces))];
  }
  return text;
}

std::string AnyOf(policy::Rng& rng, std::string_view letters, std::size_t size_max) {
  std::string text;
  const std::size_t size = 1 + rng.Below(size_max);
  while (text.size() < size) text += letters[rng.Below(letters.size())];
  return text;
}

// A random value that fits its shape.
struct Draw {
  policy::Rng& rng;

  Value operator()(const Whole& shape) const {
    const auto span = static_cast<std::uint64_t>(shape.max) - static_cast<std::uint64_t>(shape.min);
    const std::uint64_t step = span == ~std::uint64_t{0} ? rng.Bits() : rng.Bits() % (span + 1);
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(shape.min) + step);
  }
  Value operator()(const Number& shape) const {
    return std::min(shape.max, shape.min + (shape.max - shape.min) * rng.Uniform());
  }
  Value operator()(const Choice& shape) const {
    return static_cast<std::int64_t>(rng.Below(shape.names.size()));
  }
  Value operator()(const Name&) const { return AnyOf(rng, "abcXYZ019._-", 128); }
  Value operator()(const Label&) const { return "<" + AnyOf(rng, "ab \"\\#/'~", 126) + ">"; }
  Value operator()(const Path&) const { return AnyOf(rng, "ab/ .\"\\'", 200); }
  Value operator()(const Listen&) const {
    const char* host = rng.Below(2) == 0 ? "127.0.0.1" : "::1";
    return FormatListen(host, static_cast<std::uint16_t>(rng.Below(65536)));
  }
  Value operator()(const Labels&) const {
    std::vector<std::string> labels;
    for (std::uint64_t i = rng.Below(5); i > 0; --i) labels.push_back("c\"" + std::to_string(i));
    return labels;
  }
  Value operator()(const Scalars&) const {
    Params params;
    for (std::uint64_t i = rng.Below(5); i > 0; --i) {
      const std::string key = (rng.Below(2) == 0 ? "key" : "a \"key\" ") + std::to_string(5 - i);
      params.emplace_back(key, AnyScalar());
    }
    std::ranges::sort(params, {}, &Params::value_type::first);
    return params;
  }
  Scalar AnyScalar() const {
    switch (rng.Below(4)) {
      case 0:
        return rng.Below(2) == 0;
      case 1:
        return static_cast<std::int64_t>(rng.Bits());
      case 2:
        return AnyFinite(rng);
      default:
        return AnyText(rng, kParamBytesMax);
    }
  }
};

// Walks the layout and draws every field.
class Randomiser {
 public:
  explicit Randomiser(policy::Rng& rng) : rng_(rng) {}

  template <typename Owner>
  void Fields(std::span<const Field<Owner>> rows, Owner& owner, const Owner&) {
    for (const Field<Owner>& row : rows) row.at.set(owner, std::visit(Draw{rng_}, row.shape));
  }
  template <typename Body>
  void Table(const config::Table&, Body&& body) {
    body();
  }
  template <typename Owner, typename Body>
  void Tables(const config::Table&, std::size_t, std::vector<Owner>& owners, Body&& body) {
    owners.assign(1 + rng_.Below(4), Owner{});
    for (Owner& owner : owners) body(owner);
  }

 private:
  policy::Rng& rng_;
};

// Makes the rules between fields hold.
void Mend(RouterOptions& router, policy::Rng& rng) {
  for (std::size_t i = 0; i < router.arms.size(); ++i) {
    router.arms[i].name = "arm" + std::to_string(i);
    router.arms[i].price_input_per_million_usd += 1e-9;
    router.arms[i].price_input_per_million_usd =
        std::min(router.arms[i].price_input_per_million_usd, 1e6);
  }
  router.fallback_arm = rng.Below(2) == 0 ? "" : router.arms.back().name;
  const bool fixed = router.policy.kind == policy::PolicyKind::kFixed;
  router.fixed_arm = fixed || rng.Below(2) == 0 ? router.arms.front().name : "";
  if (static_cast<int>(router.policy.kind) > 1) {
    router.policy.exploration.mode = policy::ExplorationMode::kNatural;
  }
  auto& exploration = router.policy.exploration;
  if (exploration.floor > exploration.cap) std::swap(exploration.floor, exploration.cap);
  if (router.context.source == policy::ContextSource::kText) router.context.dimension = 0;
  if (rng.Below(2) == 0) router.context.features.clear();
  for (std::size_t i = 0; i < router.context.features.size(); ++i) {
    router.context.features[i].name = "feature" + std::to_string(i);
  }
  router.context.dimension = std::min<std::size_t>(router.context.dimension, 1000);
}

Options AnyOptions(policy::Rng& rng) {
  Options options = Defaults();
  Randomiser randomiser(rng);
  Walk(randomiser, options);
  options.data_plane.body_bytes_in_flight_max += options.data_plane.body_bytes_max;
  options.data_plane.body_bytes_in_flight_max =
      std::min<std::size_t>(options.data_plane.body_bytes_in_flight_max, 17179869184);
  options.store.batch_max = std::min(options.store.batch_max, options.store.queue_max);
  options.admin_plane.port = options.data_plane.port ^ 1;
  for (std::size_t i = 0; i < options.routers.size(); ++i) {
    options.routers[i].name = "router" + std::to_string(i);
    Mend(options.routers[i], rng);
  }
  return options;
}

std::size_t Lines(const std::string& text) {
  return 1 + static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("what is printed parses back to the same options") {
  CHECK(Same(Accepted(Print(Defaults())), Defaults()));
  for (std::uint64_t seed = 0; seed < kRounds; ++seed) {
    CAPTURE(seed);
    policy::Rng rng(seed);
    const Options options = AnyOptions(rng);
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
    const RouterOptions router = AnyOptions(rng).routers.front();
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
