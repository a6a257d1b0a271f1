// Every bound is accepted, and what lies next to it is refused, on both sides. The bounds stand
// here a second time on purpose: they are a promise to whoever writes a file.
#include <set>

#include <catch2/catch.hpp>

#include "config/layout.h"
#include "policy/context_map.h"
#include "tests/config/collector.h"
#include "tests/config/helpers.h"

namespace sluice::config {

namespace {

struct Bound {
  std::string table;  // its header as it stands in a file, with what must stand there as well
  std::string field;  // its path in problems
  std::string key;
  std::vector<std::string> accepted;
  std::vector<std::string> refused;
};

const std::string kArmTable = "[[router]]\n[[router.arm]]\n";
const std::string kNamedArm =
    kArmTable + "name = \"x\"\nmodel = \"m\"\nprice_input_per_million_usd = 1\n";
const std::string kPriceTable = kNamedArm + "[[router.arm.price]]\n";
const std::string kPlanTable = "[[router]]\n[[router.plan]]\n";
const std::string kSourceTable = "[[router]]\n[[router.source]]\n";
const std::string kChallengerTable = "[[router]]\n[[router.challenger]]\n";
const std::string kFeatureTable = "[[router]]\n[[router.context.feature]]\n";

std::vector<Bound> PlainNumbers() {
  const std::string data = "[data_plane]\n";
  const std::string router = "[[router]]\n";
  const std::string exploration = "[[router]]\n[router.exploration]\n";
  const std::string prior = "[[router]]\n[router.prior]\n";
  const std::string embedding = "[[router]]\n[router.context]\nsource = \"embedding\"\n";
  std::vector<Bound> bounds = {
      {"", "", "node", {"0", "65535"}, {"-1", "65536"}},
      {data, "data_plane.", "threads", {"0", "256"}, {"-1", "257"}},
      {data, "data_plane.", "body_bytes_max", {"1024", "16777216"}, {"1023", "16777217"}},
      {data,
       "data_plane.",
       "body_bytes_in_flight_max",
       {"1048576", "17179869184"},
       {"1023", "17179869185"}},
      {data, "data_plane.", "connections_max", {"1", "65536"}, {"0", "65537"}},
      {"[store]\n", "store.", "queue_max", {"1024", "1048576"}, {"255", "1048577"}},
      {"[store]\n", "store.", "batch_max", {"1", "65536"}, {"0", "65537"}},
      {"[learner]\n", "learner.", "checkpoint_events", {"1", "1000000000"}, {"0", "1000000001"}},
      {"[learner]\n", "learner.", "checkpoint_seconds", {"1", "86400"}, {"0", "86401"}},
      {router, "router[0].", "seed", {"0", "9223372036854775807"}, {"-1"}},
      {router, "router[0].", "alpha", {"0", "10"}, {"-0.001", "10.001"}},
      {router, "router[0].", "thompson_scale", {"0.01", "10"}, {"0", "0.0099", "10.001"}},
      {router, "router[0].", "epsilon", {"0", "1"}, {"-0.001", "1.001"}},
      {embedding, "router[0].context.", "dimension", {"1", "1024"}, {"0", "1025"}},
      {kFeatureTable + "name = \"f\"\n",
       "router[0].context.feature[0].",
       "sd",
       {"1e-12", "1e12"},
       {"0", "-1", "1e-13", "1.1e12"}},
      {exploration, "router[0].exploration.", "cap", {"0.005", "0.5"}, {"-0.001", "0.501"}},
      {exploration, "router[0].exploration.", "floor", {"0", "0.05"}, {"-0.001", "0.501"}},
      {exploration, "router[0].exploration.", "epsilon", {"0", "0.5"}, {"-0.001", "0.501"}},
      {prior, "router[0].prior.", "quality_mean", {"0", "1"}, {"-0.001", "1.001"}},
      {prior, "router[0].prior.", "cost_log_ratio_mean", {"-20", "20"}, {"-20.1", "20.1"}},
      {prior, "router[0].prior.", "noise_shape", {"0.5", "1e6"}, {"0", "0.49", "1.1e6"}},
      {kArmTable + "name = \"x\"\nmodel = \"m\"\nprice_input_per_million_usd = 1\n",
       "router[0].arm[0].",
       "tier",
       {"1", "16"},
       {"0", "17"}},
      {kArmTable + "name = \"x\"\nmodel = \"m\"\nprice_output_per_million_usd = 1\n",
       "router[0].arm[0].",
       "price_input_per_million_usd",
       {"0", "1e6"},
       {"-0.001", "1000001"}},
      {kArmTable + "name = \"x\"\nmodel = \"m\"\nprice_input_per_million_usd = 1\n",
       "router[0].arm[0].",
       "price_output_per_million_usd",
       {"0", "1e6"},
       {"-0.001", "1000001"}},
  };
  for (const char* key :
       {"header_timeout_ms", "body_timeout_ms", "idle_timeout_ms", "write_timeout_ms"}) {
    bounds.push_back({data, "data_plane.", key, {"10", "600000"}, {"9", "600001"}});
  }
  for (const char* key : {"mean", "absent"}) {
    bounds.push_back({kFeatureTable + "name = \"f\"\n",
                      "router[0].context.feature[0].",
                      key,
                      {"-1e12", "1e12"},
                      {"-1.1e12", "1.1e12"}});
  }
  for (const char* key : {"feature_precision", "bias_precision", "noise_scale"}) {
    bounds.push_back({prior, "router[0].prior.", key, {"1e-6", "1e6"}, {"0", "9e-7", "1.1e6"}});
  }
  return bounds;
}

// Of the tables that came with learning that holds.
std::vector<Bound> LearningNumbers() {
  const std::string feedback = "[[router]]\n[router.feedback]\n";
  const std::string drift = "[[router]]\n[router.drift]\n";
  const std::string context = "[[router]]\n[router.context]\n";
  std::vector<Bound> bounds = {
      {"[[router]]\n", "router[0].", "half_life", {"0", "1", "1000000000"}, {"-1", "1000000001"}},
      {context, "router[0].context.", "components", {"1", "64"}, {"0", "65"}},
      {context, "router[0].context.", "fit_after", {"30", "1000"}, {"29", "1001"}},
      {context, "router[0].context.", "gram_seed", {"0", "4294967295"}, {"-1", "4294967296"}},
      {context, "router[0].context.", "refit_on_shift", {"true", "false"}, {"1", "\"true\""}},
      {feedback, "router[0].feedback.", "default_after_s", {"1", "31536000"}, {"0", "31536001"}},
      {feedback, "router[0].feedback.", "revision_days", {"1", "365"}, {"0", "366"}},
      {drift, "router[0].drift.", "detect", {"true", "false"}, {"0"}},
      {drift, "router[0].drift.", "slack", {"0", "5"}, {"-0.001", "5.001"}},
      {drift, "router[0].drift.", "threshold", {"1", "1000"}, {"0.999", "1000.1"}},
      {drift, "router[0].drift.", "reset_bits", {"0", "30"}, {"-1", "31"}},
      {drift, "router[0].drift.", "cool_down", {"0", "1000000"}, {"-1", "1000001"}},
      {drift, "router[0].drift.", "freeze_share", {"0", "1"}, {"-0.001", "1.001"}},
      {drift, "router[0].drift.", "freeze_labels", {"1", "1000000"}, {"0", "1000001"}},
      {drift, "router[0].drift.", "exploration_cap", {"0", "0.05", "0.5"}, {"-0.001", "0.501"}},
      {drift, "router[0].drift.", "exploration_decisions", {"1", "1000000"}, {"0", "1000001"}},
      {kSourceTable + "name = \"s\"\n",
       "router[0].source[0].",
       "weight",
       {"0", "1"},
       {"-0.001", "1.001"}},
  };
  for (const char* key : {"user_weight", "judge_weight", "gateway_weight", "override_weight",
                          "audit_rate", "default_reward", "default_weight"}) {
    bounds.push_back({feedback, "router[0].feedback.", key, {"0", "1"}, {"-0.001", "1.001"}});
  }
  return bounds;
}

std::vector<Bound> ChoosingNumbers() {
  const std::string router = "[[router]]\n";
  const std::string exploration = "[[router]]\n[router.exploration]\n";
  const std::string gate = "[[router]]\n[router.confidence_gate]\n";
  const std::string guard = "[[router]]\n[router.baseline_guard]\n";
  const std::string exact = exploration + "mode = \"exact\"\nepsilon = 0.5\n";
  const std::string plan = kPlanTable + "name = \"p\"\n";
  std::vector<Bound> bounds = {
      {router, "router[0].", "gamma", {"0", "1e6"}, {"-0.001", "1000001"}},
      {router, "router[0].", "observe", {"true", "false"}, {"0", "\"yes\""}},
      {exact, "router[0].exploration.", "arm_floor", {"0", "0.25"}, {"-0.001", "0.501"}},
      {exploration, "router[0].exploration.", "warmup_cap", {"0", "0.05", "0.5"}, {"-1", "0.501"}},
      {exploration, "router[0].exploration.", "budget_rate", {"0", "1"}, {"-0.001", "1.001"}},
      {exploration,
       "router[0].exploration.",
       "new_arm_share_max",
       {"0.001", "1"},
       {"0", "0.0009", "1.001"}},
      {exploration, "router[0].exploration.", "new_arm_labels", {"1", "1000000"}, {"0", "1000001"}},
      {gate, "router[0].confidence_gate.", "enabled", {"true", "false"}, {"1"}},
      {gate, "router[0].confidence_gate.", "probability", {"0", "1"}, {"-0.001", "1.001"}},
      {gate, "router[0].confidence_gate.", "margin", {"0", "1"}, {"-0.001", "1.001"}},
      {gate, "router[0].confidence_gate.", "labels_min", {"0", "1000000"}, {"-1", "1000001"}},
      {guard, "router[0].baseline_guard.", "tolerance", {"0", "1"}, {"-0.001", "1.001"}},
      {plan, "router[0].plan[0].", "exploration_budget_rate", {"0", "1"}, {"-0.001", "1.001"}},
  };
  for (const auto& [table, field] :
       {std::pair(router, "router[0]."), std::pair(plan, "router[0].plan[0].")}) {
    bounds.push_back({table, field, "cost_weight", {"0", "1e9"}, {"-0.001", "1000000001"}});
    bounds.push_back({table, field, "latency_weight", {"0", "1e6"}, {"-0.001", "1000001"}});
    bounds.push_back({table, field, "quality_floor", {"1e-6", "1"}, {"0", "-1", "1.001"}});
    bounds.push_back({table + "objective = \"budget\"\n",
                      field,
                      "budget_usd",
                      {"1e-12", "1e6"},
                      {"0", "1000001"}});
  }
  for (const char* key : {"day_usd", "month_usd"}) {
    bounds.push_back({"[[router]]\n[router.ceiling]\n",
                      "router[0].ceiling.",
                      key,
                      {"0", "1e9"},
                      {"-0.001", "1.1e9"}});
    bounds.push_back({plan,
                      "router[0].plan[0].",
                      "ceiling_" + std::string(key),
                      {"0", "1e9"},
                      {"-0.001", "1.1e9"}});
  }
  return bounds;
}

std::vector<Bound> ArmNumbers() {
  const std::string from = kPriceTable + "from = 2026-12-01T00:00:00Z\n";
  return {
      {kNamedArm, "router[0].arm[0].", "start_strength", {"0", "1e6"}, {"-0.001", "1000001"}},
      {from + "output_per_million_usd = 1\n",
       "router[0].arm[0].price[0].",
       "input_per_million_usd",
       {"0", "1e6"},
       {"-0.001", "1000001"}},
      {from + "input_per_million_usd = 1\n",
       "router[0].arm[0].price[0].",
       "output_per_million_usd",
       {"0", "1e6"},
       {"-0.001", "1000001"}},
      {kPriceTable + "input_per_million_usd = 1\noutput_per_million_usd = 1\n",
       "router[0].arm[0].price[0].",
       "from",
       {"1970-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2026-12-01 01:00:00+01:00"},
       {"1969-12-31T23:59:59Z", "9999-12-31T23:59:59-00:01", "2026-12-01T00:00:00", "2026-12-01",
        "00:00:00", "\"2026-12-01T00:00:00Z\"", "1796083200"}},
  };
}

std::vector<Bound> ChallengerNumbers() {
  const auto bound = [](std::string key, std::vector<std::string> accepted,
                        std::vector<std::string> refused) {
    return Bound{kChallengerTable + "name = \"c\"\n", "router[0].challenger[0].", std::move(key),
                 std::move(accepted), std::move(refused)};
  };
  return {
      bound("alpha", {"0", "10"}, {"-0.001", "10.001"}),
      bound("thompson_scale", {"0.01", "10"}, {"0", "0.0099", "10.001"}),
      bound("epsilon", {"0", "1"}, {"-0.001", "1.001"}),
      bound("gamma", {"0", "1e6"}, {"-0.001", "1000001"}),
      bound("level", {"1e-6", "0.5"}, {"0", "0.501"}),
      bound("margin", {"0", "1"}, {"-0.001", "1.001"}),
      bound("labels_min", {"1", "1000000000"}, {"0", "1000000001"}),
      bound("judged_within_s", {"1", "31536000"}, {"0", "31536001"}),
      bound("gain_assumed", {"0.0001", "1"}, {"0", "1.001"}),
  };
}

std::string Quoted(const std::string& text) {
  return "\"" + text + "\"";
}

std::vector<Bound> Texts() {
  const std::string longest(128, 'a');
  const std::string longer(129, 'a');
  const std::string arm = kArmTable + "price_input_per_million_usd = 1\n";
  const std::vector<std::string> names = {"\"a\"", "\"A.b_c-9\"", Quoted(longest)};
  const std::vector<std::string> no_names = {"\"\"",       "\"a b\"",  "\"a/b\"",
                                             "\"\u00e9\"", "\"a\\n\"", Quoted(longer)};
  const std::vector<std::string> labels = {"\"a\"", "\"meta-llama/Llama 3 (8B)\"", Quoted(longest)};
  const std::vector<std::string> no_labels = {"\"\"",      "\" a\"",     "\"a \"",
                                              "\"a\\tb\"", "\"\u00e9\"", Quoted(longer)};
  std::vector<Bound> bounds = {
      {"[[router]]\n", "router[0].", "name", names, no_names},
      {kFeatureTable, "router[0].context.feature[0].", "name", names, no_names},
      {arm + "model = \"m\"\n", "router[0].arm[0].", "name", names, no_names},
      {arm + "name = \"x\"\n", "router[0].arm[0].", "model", labels, no_labels},
      {kPlanTable, "router[0].plan[0].", "name", names, no_names},
      {kSourceTable, "router[0].source[0].", "name", names, no_names},
      {kChallengerTable, "router[0].challenger[0].", "name", names, no_names},
      {kNamedArm, "router[0].arm[0].", "start", {"\"others\"", "\"prior\""}, no_names},
      {"[[router]]\n[router.context]\nsource = \"embedding\"\ndimension = 64\n",
       "router[0].context.", "embedding_model", labels, no_labels},
      {"[store]\n",
       "store.",
       "directory",
       {"\"d\"", "\"/var/lib/sluice \u00e9\"", Quoted(std::string(4096, 'd'))},
       {"\"\"", "\"a\\u0000b\"", "\"a\\u007Fb\"", Quoted(std::string(4097, 'd'))}},
  };
  std::string labels_64;
  for (int i = 0; i < 64; ++i) labels_64.append(Quoted(std::to_string(i))).append(", ");
  std::string params_32;
  for (int i = 0; i < 32; ++i) params_32 += (i > 0 ? ", p" : "p") + std::to_string(i) + " = 1";
  const std::string named = arm + "name = \"x\"\nmodel = \"m\"\n";
  bounds.push_back({named,
                    "router[0].arm[0].",
                    "capabilities",
                    {"[]", "[\"vision\", \"tool use\"]", "[" + labels_64 + "]"},
                    {"[\"\"]", "[1]", "[\"a\", \"a\"]", "[" + labels_64 + "\"64\"]", "\"vision\"",
                     "[\"" + longer + "\"]"}});
  bounds.push_back(
      {named,
       "router[0].arm[0].",
       "params",
       {"{}", "{t = 0.5, n = 5, on = true, s = \"x\\n\"}", "{" + params_32 + "}",
        "{s = " + Quoted(std::string(1024, 's')) + "}"},
       {"{a = [1]}", "{a = {b = 1}}", "{a = 2020-01-01}", "{a = nan}", "5", "{\"\" = 1}",
        "{" + params_32 + ", q = 1}", "{s = " + Quoted(std::string(1025, 's')) + "}"}});
  return bounds;
}

const std::string kStays = "[[router]]\ncontext.projection = \"none\"\n";
const std::string kRuleTable = "[[router]]\n[[router.rule]]\n";
const std::string kClusterTable = kStays + "[[router.cluster]]\n";
const std::string kFittedTable = kStays + "[[router.fitted_arm]]\n";

std::vector<Bound> Offline() {
  const auto array = [](std::size_t size) {
    std::string text = "0.5";
    for (std::size_t i = 1; i < size; ++i) text += ", -1";
    return "[" + text + "]";
  };
  const std::string rule = kRuleTable + "name = \"r\"\narm = \"economy\"\n";
  const std::string fitted = kFittedTable + "name = \"economy\"\n";
  const std::vector<std::string> lengths = {"0", "16384"};
  const std::vector<std::string> strengths = {"0", "1e6"};
  const std::string cluster = kClusterTable + "centroid = " + array(36) + "\n";
  const std::string any_rule = kRuleTable + "arm = \"economy\"\n";
  const std::vector<std::string> names = {"\"a\"", "\"A.b_c-9\""};
  const std::vector<std::string> no_names = {"\"\"", "\"a b\""};
  const std::vector<std::string> paths = {"\"w\"", Quoted(std::string(4096, 'd'))};
  const std::vector<std::string> no_paths = {"\"\"", Quoted(std::string(4097, 'd'))};
  return {
      {rule, "router[0].rule[0].", "length_min", lengths, {"-1", "16385", "1.5"}},
      {rule, "router[0].rule[0].", "length_max", lengths, {"-1", "16385", "1.5"}},
      {kClusterTable + "name = \"c\"\n",
       "router[0].cluster[0].",
       "centroid",
       {array(36)},
       {"[]", "[1e7]", "[nan]", "[\"a\"]", "5", array(35), array(37), array(1025)}},
      {fitted,
       "router[0].fitted_arm[0].",
       "weights",
       {"[]", array(37)},
       {"[1e7]", "[inf]", "[true]", "0.5", array(36), array(38), array(1026)}},
      {fitted, "router[0].fitted_arm[0].", "qualities", {"[]"}, {"[1.1]", "[-0.1]", "[0.5]", "1"}},
      {kStays, "router[0].", "warm_start_strength", strengths, {"-1", "1000001"}},
      {kNamedArm, "router[0].arm[0].", "warm_start_strength", strengths, {"-1", "1000001"}},
      {any_rule, "router[0].rule[0].", "name", names, no_names},
      {kRuleTable + "name = \"r\"\n", "router[0].rule[0].", "arm", {"\"economy\""}, no_names},
      {rule,
       "router[0].rule[0].",
       "keywords",
       {"[]", "[\"sql\", \"a_1\"]"},
       {"[\"A\"]", "[\"a b\"]", "[\"a-b\"]", "[\"\"]", "[1]", "\"a\""}},
      {cluster, "router[0].cluster[0].", "name", names, no_names},
      {kFittedTable, "router[0].fitted_arm[0].", "name", {"\"economy\""}, no_names},
      {kStays, "router[0].", "warm_start", paths, no_paths},
      {kStays + kNamedArm.substr(11), "router[0].arm[0].", "warm_start", paths, no_paths},
  };
}

void CheckBounds(const std::vector<Bound>& bounds) {
  for (const Bound& bound : bounds) {
    CAPTURE(bound.table, bound.key);
    for (const std::string& value : bound.accepted) {
      const auto problems = ProblemsOf(bound.table + bound.key + " = " + value + "\n");
      CAPTURE(value, problems);
      CHECK(problems.empty());
    }
    for (const std::string& value : bound.refused) {
      const auto problems = ProblemsOf(bound.table + bound.key + " = " + value + "\n");
      CAPTURE(value, problems);
      REQUIRE(problems.size() == 1);
      CHECK(problems[0].find(": " + bound.field + bound.key + ": must be ") != std::string::npos);
    }
  }
}

}  // namespace

TEST_CASE("a number is accepted at its bounds and refused beyond them") {
  for (const auto& bounds : {PlainNumbers(), LearningNumbers(), ChoosingNumbers(), ArmNumbers(),
                             ChallengerNumbers(), Offline()}) {
    CheckBounds(bounds);
  }
}

TEST_CASE("a text is accepted at its bounds and refused beyond them") {
  CheckBounds(Texts());
}

TEST_CASE("a map is fitted on no more queries and to no more components than it takes") {
  const std::string context = "[[router]]\n[router.context]\n";
  const auto accepts = [&](const std::string& key, std::size_t value) {
    return ProblemsOf(context + key + " = " + std::to_string(value) + "\n").empty();
  };
  CHECK(accepts("fit_after", policy::kMapRowsMax));
  CHECK_FALSE(accepts("fit_after", policy::kMapRowsMax + 1));
  CHECK(accepts("components", policy::kMapComponentsMax));
  CHECK_FALSE(accepts("components", policy::kMapComponentsMax + 1));
}

TEST_CASE("no row of the table is missing from the tests of bounds") {
  std::set<std::string> rows;
  Collector collector{rows, ""};
  const Options defaults = Defaults();
  Walk(collector, defaults);
  for (const auto& bounds : {PlainNumbers(), LearningNumbers(), ChoosingNumbers(), ArmNumbers(),
                             ChallengerNumbers(), Offline(), Texts()}) {
    for (const Bound& bound : bounds) rows.erase(bound.field + bound.key);
  }
  CHECK(rows == std::set<std::string>{});
}

}  // namespace sluice::config
