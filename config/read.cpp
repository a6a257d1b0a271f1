#include "config/read.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <toml++/toml.h>

#include "config/format.h"
#include "config/layout.h"
#include "config/suggest.h"

namespace sluice::config {

namespace {

// -- One value
// -------------------------------------------------------------------------------------

// A value in the type that its shape asks for, or what is wrong with it.
struct Reading {
  std::optional<Value> value;
  std::string complaint;
};

Reading Wrong(std::string complaint) {
  return {std::nullopt, std::move(complaint)};
}

std::string_view TypeName(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return node.is_array_of_tables() ? "tables" : "an array";
    case toml::node_type::string:
      return "a text";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a number with a point";
    case toml::node_type::boolean:
      return "a boolean";
    default:
      return "a date or time";
  }
}

std::string Unlike(std::string_view wanted, const toml::node& node) {
  return "must be " + std::string(wanted) + ", not " + std::string(TypeName(node));
}

std::optional<Scalar> ReadScalar(const toml::node& node) {
  if (const auto* boolean = node.as_boolean()) return boolean->get();
  if (const auto* whole = node.as_integer()) return whole->get();
  if (const auto* number = node.as_floating_point()) return number->get();
  if (const auto* text = node.as_string()) return text->get();
  return std::nullopt;
}

Reading ReadChoice(const std::string& text, const Choice& choice) {
  for (std::size_t i = 0; i < choice.names.size(); ++i) {
    if (choice.names[i] == text) return {choice.first + static_cast<std::int64_t>(i), ""};
  }
  const std::string right = "must be " + Describe(choice);
  if (IsLater(text)) return Wrong(Quote(text) + " is not supported by this version; " + right);
  const std::string_view nearest = Nearest(text, choice.names);
  if (nearest.empty()) return Wrong(right + ", not " + Quote(text));
  return Wrong(right + "; did you mean " + Quote(nearest) + "?");
}

// Microseconds since the epoch; a fraction of one is dropped.
std::int64_t SinceEpoch(const toml::date_time& moment) {
  using namespace std::chrono;
  const year_month_day date{year{moment.date.year}, month{moment.date.month}, day{moment.date.day}};
  const microseconds since_midnight = hours{moment.time.hour} + minutes{moment.time.minute} +
                                      seconds{moment.time.second} +
                                      microseconds{moment.time.nanosecond / 1000};
  const auto local = sys_days{date} + since_midnight;
  return (local - minutes{moment.offset->minutes}).time_since_epoch().count();
}

struct ValueReader {
  const toml::node& node;

  Reading operator()(const Whole& shape) const {
    if (const auto* whole = node.as_integer()) return {whole->get(), ""};
    return Wrong(Unlike("an integer, " + Describe(shape), node));
  }
  Reading operator()(const Number& shape) const {
    if (const auto* whole = node.as_integer()) return {static_cast<double>(whole->get()), ""};
    // Adding 0 makes -0 the 0 that it equals, so that equal options print the same.
    if (const auto* number = node.as_floating_point()) return {number->get() + 0.0, ""};
    return Wrong(Unlike("a number, " + Describe(shape), node));
  }
  Reading operator()(const Choice& shape) const {
    if (const auto* text = node.as_string()) return ReadChoice(text->get(), shape);
    return Wrong(Unlike(Describe(shape), node));
  }
  Reading operator()(const Flag& shape) const {
    if (const auto* boolean = node.as_boolean()) return {boolean->get(), ""};
    return Wrong(Unlike(Describe(shape), node));
  }
  Reading operator()(const Moment& shape) const {
    const auto* moment = node.as_date_time();
    if (moment == nullptr) return Wrong(Unlike(Describe(shape), node));
    if (!moment->get().offset)
      return Wrong("must be " + Describe(shape) + "; the offset is missing");
    return {SinceEpoch(moment->get()), ""};
  }
  Reading operator()(const Labels& shape) const {
    std::vector<std::string> labels;
    if (const auto* array = node.as_array()) {
      for (const toml::node& element : *array) {
        const auto* text = element.as_string();
        if (text == nullptr) return Wrong("must be " + Describe(shape));
        labels.push_back(text->get());
      }
      return {std::move(labels), ""};
    }
    return Wrong(Unlike(Describe(shape), node));
  }
  Reading operator()(const Numbers& shape) const {
    const auto* array = node.as_array();
    if (array == nullptr) return Wrong(Unlike(Describe(shape), node));
    std::vector<double> numbers;
    for (const toml::node& element : *array) {
      const auto* whole = element.as_integer();
      const auto* real = element.as_floating_point();
      if (whole == nullptr && real == nullptr) return Wrong("must be " + Describe(shape));
      numbers.push_back(whole != nullptr ? static_cast<double>(whole->get()) : real->get() + 0.0);
    }
    return {std::move(numbers), ""};
  }
  // The order of the keys in the file means nothing: they are sorted.
  Reading operator()(const Scalars& shape) const {
    const auto* table = node.as_table();
    if (table == nullptr) return Wrong(Unlike(Describe(shape), node));
    Params params;
    for (const auto& [key, element] : *table) {
      auto scalar = ReadScalar(element);
      if (!scalar) return Wrong("must be " + Describe(shape) + "; " + Quote(key.str()) + " is not");
      params.emplace_back(key.str(), std::move(*scalar));
    }
    return {std::move(params), ""};
  }
  template <typename TextShape>
  Reading operator()(const TextShape& shape) const {
    if (const auto* text = node.as_string()) return {text->get(), ""};
    return Wrong(Unlike("a text, " + Describe(shape), node));
  }
};

Reading ReadValue(const toml::node& node, const Shape& shape) {
  Reading reading = std::visit(ValueReader{node}, shape);
  if (!reading.value) return reading;
  if (auto complaint = Complaint(shape, *reading.value)) return Wrong(std::move(*complaint));
  return reading;
}

// -- The tables
// ------------------------------------------------------------------------------------

int LineOf(const toml::key& key) {
  return static_cast<int>(key.source().begin.line);
}
int LineOf(const toml::node& node) {
  return static_cast<int>(node.source().begin.line);
}

// Walks the layout beside a parsed file. A table knows which keys may stand in it once the walk has
// passed through it; what is left over is refused.
class Reader {
  struct Scope {
    const toml::table* table;
    std::string path;    // "router[0].exploration"
    std::string header;  // "router.exploration"
    std::vector<std::string_view> known;
    std::vector<std::string_view> refused;  // and reported
  };

 public:
  Reader(const toml::table& root, Findings& findings)
      : scope_{.table = &root, .path = "", .header = "", .known = {}, .refused = {}},
        findings_(findings) {}

  // Reads the root, along the walk that `body` starts.
  template <typename Body>
  void Root(Body&& body) {
    body();
    RefuseOthers();
  }

  // Keys that somebody else reads.
  void PassOver(std::span<const std::string_view> keys) {
    scope_.known.insert(scope_.known.end(), keys.begin(), keys.end());
  }

  template <typename Owner>
  void Fields(std::span<const Field<Owner>> rows, Owner& owner, const Owner&) {
    for (const Field<Owner>& row : rows) ReadField(row, owner);
  }

  template <typename Body>
  void Table(const config::Table& table, Body&& body) {
    const auto* node = Take(table.key);
    if (node == nullptr) return;
    if (!node->is_table()) {
      return findings_.Add(PathOf(table.key),
                           Unlike("a table, headed [" + HeaderOf(table.key) + "]", *node));
    }
    In(ScopeOf(*node, table.key, table.key), body);
  }

  template <typename Owner, typename Body>
  void Tables(const config::Table& table, std::size_t bound, std::vector<Owner>& owners,
              Body&& body) {
    const auto* node = Take(table.key);
    if (node == nullptr) return;
    const std::string wanted = "[[" + HeaderOf(table.key) + "]]";
    if (!node->is_array_of_tables()) {
      return findings_.Add(PathOf(table.key), Unlike("tables, each headed " + wanted, *node));
    }
    const toml::array& array = *node->as_array();
    if (array.size() > bound) {
      return findings_.Add(PathOf(table.key), "must be at most " + std::to_string(bound) + " of " +
                                                  wanted + ", not " + std::to_string(array.size()));
    }
    for (std::size_t i = 0; i < array.size(); ++i) {
      const std::string key = Indexed(table.key, i);
      findings_.Place(PathOf(key), LineOf(array[i]));
      Owner& owner = owners.emplace_back(Silent<Owner>());
      In(ScopeOf(array[i], key, table.key), [&] { body(owner); });
    }
  }

 private:
  template <typename Owner>
  static Owner Silent() {
    if constexpr (std::is_same_v<Owner, RouterOptions>) {
      return StandardRouter(policy::ContextOptions{});
    } else {
      return Owner{};
    }
  }

  template <typename Owner>
  void ReadField(const Field<Owner>& row, Owner& owner) {
    if (row.log_only && findings_.origin() == Origin::kFile) return RefuseInFile(row.key);
    const std::string path = PathOf(row.key);
    const toml::node* node = Take(row.key);
    if (node == nullptr) {
      if (row.required) findings_.Add(path, "is missing; it must be " + Describe(row.shape));
      return;
    }
    Reading reading = ReadValue(*node, row.shape);
    if (reading.value) {
      row.at.set(owner, *reading.value);
    } else {
      findings_.Add(path, std::move(reading.complaint));
    }
  }

  void RefuseInFile(std::string_view key) {
    const auto found = scope_.table->find(key);
    if (found == scope_.table->end()) return;
    scope_.refused.push_back(key);
    findings_.AddAt(LineOf(found->first), PathOf(key),
                    "is not for files: what a file says is the file's");
  }

  // The node at a key that may stand here; null when it does not.
  const toml::node* Take(std::string_view key) {
    scope_.known.push_back(key);
    const auto found = scope_.table->find(key);
    if (found == scope_.table->end()) return nullptr;
    findings_.Place(PathOf(key), LineOf(found->first));
    return &found->second;
  }

  Scope ScopeOf(const toml::node& node, std::string_view key, std::string_view header_key) const {
    return {node.as_table(), PathOf(key), HeaderOf(header_key), {}, {}};
  }

  template <typename Body>
  void In(Scope scope, Body&& body) {
    Scope outer = std::exchange(scope_, std::move(scope));
    body();
    RefuseOthers();
    scope_ = std::move(outer);
  }

  void RefuseOthers() {
    for (const auto& [key, node] : *scope_.table) {
      if (std::ranges::find(scope_.known, key.str()) != scope_.known.end()) continue;
      if (std::ranges::find(scope_.refused, key.str()) != scope_.refused.end()) continue;
      const KeyKind kind =
          node.is_table() || node.is_array_of_tables() ? KeyKind::kTable : KeyKind::kField;
      findings_.AddAt(LineOf(key), PathOf(key.str()),
                      RefuseKey(key.str(), kind, scope_.header, scope_.known));
    }
  }

  std::string PathOf(std::string_view key) const { return JoinPath(scope_.path, key); }
  std::string HeaderOf(std::string_view key) const { return JoinPath(scope_.header, key); }

  Scope scope_;
  Findings& findings_;
};

// -- Where the file is silent
// ----------------------------------------------------------------------

bool HasItsOwnDistribution(policy::PolicyKind kind) {
  return kind != policy::PolicyKind::kLinUcb && kind != policy::PolicyKind::kThompson;
}

// What a plan does not say of its objective is the router's; a budget goes with its objective only.
void SettlePlan(PlanOptions& plan, const RouterOptions& router, const std::string& path,
                const Findings& findings) {
  const PlanOptions standard = StandardPlan(router);
  for (const auto& row : ObjectiveFields()) {
    if (findings.Given(JoinPath(path, row.key))) continue;
    row.at.set(plan.objective, row.at.get(standard.objective));
  }
  const bool budget = plan.objective.objective == policy::Objective::kBudget;
  if (!budget && !findings.Given(path + ".budget_usd")) plan.objective.budget_usd = 0;
}

// Defaults that depend on what the router says elsewhere.
void Settle(RouterOptions& router, const std::string& path, const Findings& findings) {
  if (!findings.Given(path + ".context.projection")) {
    router.context.projection = StandardRouter(router.context).context.projection;
  }
  if (!findings.Given(path + ".prior.feature_precision")) {
    router.prior.feature_precision = StandardRouter(router.context).prior.feature_precision;
  }
  for (std::size_t i = 0; i < router.plans.size(); ++i) {
    SettlePlan(router.plans[i], router, Indexed(path + ".plan", i), findings);
  }
  if (!findings.Given(path + ".exploration.mode") && HasItsOwnDistribution(router.policy.kind)) {
    router.policy.exploration.mode = policy::ExplorationMode::kNatural;
  }
  if (!findings.Given(path + ".arm")) {
    router.arms = StandardArms();
    if (!findings.Given(path + ".fallback_arm")) router.fallback_arm = kStandardFallback;
  }
}

// Parses, and hands the root to `body` when the text is TOML.
template <typename Body>
void WithRoot(std::string_view toml, Findings& findings, Body&& body) {
  try {
    const toml::table root = toml::parse(toml);
    body(root);
  } catch (const toml::parse_error& error) {
    findings.AddAt(static_cast<int>(error.source().begin.line), "",
                   "is not TOML: " + std::string(error.description()));
  }
}

void SettleAll(std::vector<RouterOptions>& routers, const Findings& findings) {
  for (std::size_t i = 0; i < routers.size(); ++i) {
    Settle(routers[i], Indexed(kRouter.key, i), findings);
  }
}

}  // namespace

void ReadOptions(std::string_view toml, Options& options, Findings& findings) {
  WithRoot(toml, findings, [&](const toml::table& root) {
    const std::vector<RouterOptions> standard = std::exchange(options.routers, {});
    Reader reader(root, findings);
    reader.Root([&] { Walk(reader, options); });
    SettleAll(options.routers, findings);
    if (options.routers.empty()) options.routers = standard;
  });
}

void ReadRouters(std::string_view toml, std::span<const std::string_view> others,
                 std::vector<RouterOptions>& routers, Findings& findings) {
  WithRoot(toml, findings, [&](const toml::table& root) {
    Reader reader(root, findings);
    reader.PassOver(others);
    reader.Root([&] { WalkRouters(reader, routers); });
    SettleAll(routers, findings);
  });
}

}  // namespace sluice::config
