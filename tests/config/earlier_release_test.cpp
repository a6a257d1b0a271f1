// The event log holds routers as earlier releases printed them: they are read for as long as there
// may be logs. The texts here are those releases' own, to the byte; never edit one.
#include <catch2/catch.hpp>

#include "tests/config/helpers.h"

namespace sluice::config {

namespace {

constexpr std::string_view kDefaultOfRelease1 = R"([[router]]
name = "default"
seed = 1
policy = "thompson"
alpha = 1.0
thompson_scale = 0.5
epsilon = 0.1
cost_weight = 40.0
fallback_arm = "standard"

[router.context]
source = "text"

[router.exploration]
mode = "cap"
cap = 0.05
floor = 0.005
epsilon = 0.05

[router.prior]
feature_precision = 50.0
bias_precision = 1.0
quality_mean = 0.7
cost_log_ratio_mean = -1.2039728043259361
noise_shape = 5.0
noise_scale = 0.16

[[router.arm]]
name = "economy"
model = "llama-3.1-8b-instruct"
tier = 1
price_input_per_million_usd = 0.1
price_output_per_million_usd = 0.1
capabilities = []
params = {}

[[router.arm]]
name = "standard"
model = "mistral-large-2512"
tier = 2
price_input_per_million_usd = 0.5
price_output_per_million_usd = 1.5
capabilities = []
params = {}

[[router.arm]]
name = "premium"
model = "gemini-2.5-pro"
tier = 3
price_input_per_million_usd = 1.25
price_output_per_million_usd = 10.0
capabilities = []
params = {}
)";

// An embedding that is shorter than a map, and arms of names that mean something today.
constexpr std::string_view kEmbeddingOfRelease1 = R"([[router]]
name = "old"
seed = 1
policy = "fixed"
alpha = 1.0
thompson_scale = 0.5
epsilon = 0.1
fixed_arm = "prior"
cost_weight = 40.0

[router.context]
source = "embedding"
dimension = 8

[[router.context.feature]]
name = "turns"
mean = 3.0
sd = 2.0
absent = 0.0

[router.exploration]
mode = "natural"
cap = 0.05
floor = 0.005
epsilon = 0.05

[router.prior]
feature_precision = 0.64
bias_precision = 1.0
quality_mean = 0.7
cost_log_ratio_mean = -1.2039728043259361
noise_shape = 5.0
noise_scale = 0.16

[[router.arm]]
name = "others"
model = "m"
tier = 1
price_input_per_million_usd = 1.0
price_output_per_million_usd = 0.0
capabilities = []
params = {}

[[router.arm]]
name = "prior"
model = "m"
tier = 1
price_input_per_million_usd = 0.1
price_output_per_million_usd = 0.0
capabilities = ["vision"]
params = {temperature = 0.5}
)";

RouterOptions Read(std::string_view text) {
  auto router = ParseRouter(text);
  if (const auto* problems = std::get_if<std::vector<Problem>>(&router)) {
    throw std::runtime_error(ToString(problems->front()));
  }
  return std::get<RouterOptions>(std::move(router));
}

}  // namespace

TEST_CASE("the default router of an earlier release is read as the default of this one") {
  CHECK(Read(kDefaultOfRelease1) == Defaults().routers[0]);
}

TEST_CASE("a router of an earlier release keeps an embedding that no map would shorten") {
  const RouterOptions router = Read(kEmbeddingOfRelease1);
  CHECK(router.context.dimension == 8);
  CHECK(router.context.projection == policy::Projection::kNone);
  CHECK(router.prior.feature_precision == 0.64);
  CHECK(router.policy.exploration.mode == policy::ExplorationMode::kNatural);
}

TEST_CASE("an arm of the log keeps a name that a new arm may not have") {
  RouterOptions router = Read(kEmbeddingOfRelease1);
  REQUIRE(router.arms.size() == 2);
  CHECK(router.arms[0].name == "others");
  CHECK(router.arms[1].name == "prior");
  CHECK(Read(PrintRouter(router)) == router);
  router.arms[0].owner = ArmOwner::kAdmin;
  CHECK(std::holds_alternative<std::vector<Problem>>(ParseRouter(PrintRouter(router))));
  CHECK(ProblemsOf(kEmbeddingOfRelease1).size() == 2);
}

}  // namespace sluice::config
