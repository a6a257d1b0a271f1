#include "daemon/metrics.h"

#include <algorithm>
#include <initializer_list>
#include <limits>
#include <tuple>
#include <utility>

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#ifndef SLUICE_VERSION
#define SLUICE_VERSION "unknown"
#endif

namespace sluice::daemon {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<std::pair<std::string, std::string>>;

double Load(const std::atomic<std::uint64_t>& counter) {
  return static_cast<double>(counter.load(std::memory_order_relaxed));
}

MetricFamily Family(std::string name, std::string help, MetricType type) {
  MetricFamily family;
  family.name = std::move(name);
  family.help = std::move(help);
  family.type = type;
  return family;
}

void Add(MetricFamily& family, const Labels& labels, double value) {
  ClientMetric metric;
  for (const auto& [name, text] : labels) metric.label.push_back({name, text});
  if (family.type == MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  family.metric.push_back(std::move(metric));
}

// A family of one value without labels.
MetricFamily Single(std::string name, std::string help, MetricType type, double value) {
  MetricFamily family = Family(std::move(name), std::move(help), type);
  Add(family, {}, value);
  return family;
}

MetricFamily Histogram(std::string name, std::string help,
                       const std::vector<const LatencyHistogram*>& parts) {
  MetricFamily family = Family(std::move(name), std::move(help), MetricType::Histogram);
  ClientMetric metric;
  constexpr auto& kBounds = LatencyHistogram::kBoundsSeconds;
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i <= kBounds.size(); ++i) {
    for (const LatencyHistogram* part : parts) cumulative += part->bucket(i);
    const double bound = i < kBounds.size() ? kBounds[i] : std::numeric_limits<double>::infinity();
    metric.histogram.bucket.push_back({cumulative, bound});
  }
  metric.histogram.sample_count = cumulative;
  for (const LatencyHistogram* part : parts) metric.histogram.sample_sum += part->sum_seconds();
  family.metric.push_back(std::move(metric));
  return family;
}

void AddDecisions(const RouterView& router, MetricFamily& decisions) {
  const RouterDefinition& definition = *router.definition;
  for (std::size_t arm = 0; arm < definition.arm_names.size(); ++arm) {
    for (std::size_t reason = 0; reason < kReasons; ++reason) {
      const double value = Load(router.counters->decisions[arm][reason]);
      const std::string name = api::ReasonName(static_cast<api::Reason>(reason));
      const bool always = reason == 0 && definition.configured.Has(static_cast<policy::ArmId>(arm));
      if (value == 0 && !always) continue;
      Add(decisions,
          {{"router", definition.name()}, {"arm", definition.arm_names[arm]}, {"reason", name}},
          value);
    }
  }
}

void AppendRouters(const Snapshot& snapshot, std::vector<MetricFamily>& page) {
  auto decisions = Family("sluice_decisions_total",
                          "Decisions answered, by router, arm and reason.", MetricType::Counter);
  auto expected =
      Family("sluice_exploration_expected_total",
             "Sum over decisions of the probability of another arm than the greedy one.",
             MetricType::Counter);
  auto realised =
      Family("sluice_exploration_realised_total",
             "Decisions that took another arm than the greedy one.", MetricType::Counter);
  auto not_logged =
      Family("sluice_decisions_not_logged_total",
             "Decisions answered greedily because the log took none.", MetricType::Counter);
  for (const RouterView& router : snapshot.routers) {
    const Labels labels = {{"router", router.definition->name()}};
    AddDecisions(router, decisions);
    Add(expected, labels,
        Load(router.counters->exploration_expected_q32) /
            static_cast<double>(policy::kProbabilityOne));
    Add(realised, labels, Load(router.counters->explored));
    Add(not_logged, labels, Load(router.counters->not_logged));
  }
  for (auto* family : {&decisions, &expected, &realised, &not_logged}) {
    page.push_back(std::move(*family));
  }
}

// What finance and whoever is paged at night want to know.
void AppendScopes(const Snapshot& snapshot, std::vector<MetricFamily>& page) {
  const auto gauge = [](const char* name, const char* help) {
    return Family(name, help, MetricType::Gauge);
  };
  auto cost_weight = gauge("sluice_cost_weight", "Quality that a dollar is worth, as solved.");
  auto bank = gauge("sluice_budget_bank_usd", "Budget credited and not spent, or overspent.");
  auto day = gauge("sluice_spent_day_usd", "Spent this UTC day, of settled decisions.");
  auto month = gauge("sluice_spent_month_usd", "Spent this UTC month, of settled decisions.");
  auto reserved = gauge("sluice_reserved_usd", "Held back for decisions without a known cost.");
  for (const RouterView& router : snapshot.routers) {
    for (std::size_t i = 0; i < router.scopes.size(); ++i) {
      const ScopeView& scope = router.scopes[i];
      const Labels labels = {{"router", router.definition->name()},
                             {"plan", router.definition->scopes[i].plan}};
      Add(cost_weight, labels, scope.cost_weight);
      Add(bank, labels, scope.bank_usd);
      Add(day, labels, ToUsd(scope.live->ledger.spent_day()));
      Add(month, labels, ToUsd(scope.live->ledger.spent_month()));
      Add(reserved, labels, ToUsd(scope.live->ledger.reserved()));
    }
  }
  for (auto* family : {&cost_weight, &bank, &day, &month, &reserved}) {
    page.push_back(std::move(*family));
  }
}

void AppendLearning(const Snapshot& snapshot, std::vector<MetricFamily>& page) {
  auto frozen =
      Family("sluice_learning_frozen", "1 while a router learns nothing.", MetricType::Gauge);
  auto alarms = Family("sluice_drift_alarms_total", "Arms that left what was learnt of them.",
                       MetricType::Counter);
  auto map = Family("sluice_context_map_version", "Version of the fitted context map; 0: none.",
                    MetricType::Gauge);
  for (const RouterView& router : snapshot.routers) {
    const Labels labels = {{"router", router.definition->name()}};
    Add(frozen, labels, router.frozen ? 1 : 0);
    Add(alarms, labels, static_cast<double>(router.alarms));
    Add(map, labels, router.map == nullptr ? 0 : static_cast<double>(router.map->version()));
  }
  for (auto* family : {&frozen, &alarms, &map}) page.push_back(std::move(*family));
}

// Only where there are challengers.
void AppendChallengers(const Snapshot& snapshot, const Gauges& gauges,
                       std::vector<MetricFamily>& page) {
  auto log_e = Family("sluice_challenger_log_e",
                      "Evidence that a challenger gives more quality, costs no more, is worse, or "
                      "that the logged propensities are not true (beyond 6.9 it never passes): "
                      "natural logarithm of a betting process.",
                      MetricType::Gauge);
  auto labels =
      Family("sluice_challenger_labels", "Labels that its test has counted.", MetricType::Gauge);
  auto state = Family("sluice_challenger_state", "1 for the state that a challenger is in.",
                      MetricType::Gauge);
  const std::size_t routers = std::min(snapshot.routers.size(), gauges.challengers.size());
  for (std::size_t i = 0; i < routers; ++i) {
    for (const ChallengerStanding& challenger : gauges.challengers[i]) {
      const std::string& router = snapshot.routers[i].definition->name();
      const auto labelled = [&](const char* label, std::string_view text) {
        return Labels{
            {"router", router}, {"challenger", challenger.name}, {label, std::string(text)}};
      };
      Add(log_e, labelled("of", "quality"), challenger.log_e_quality);
      Add(log_e, labelled("of", "cost"), challenger.log_e_cost);
      Add(log_e, labelled("of", "worse"), challenger.log_e_worse);
      Add(log_e, labelled("of", "propensities"), challenger.log_e_propensities);
      if (challenger.log_e_return) Add(log_e, labelled("of", "return"), *challenger.log_e_return);
      Add(labels, {{"router", router}, {"challenger", challenger.name}},
          static_cast<double>(challenger.counts.labels));
      const auto at = static_cast<std::size_t>(challenger.state);
      Add(state, labelled("state", kChallengerStateNames[at]), 1);
    }
  }
  for (auto* family : {&log_e, &labels, &state}) {
    if (!family->metric.empty()) page.push_back(std::move(*family));
  }
}

void AppendSnapshot(const Snapshot* snapshot, const Gauges& gauges,
                    std::vector<MetricFamily>& page) {
  const double position = snapshot == nullptr ? 0 : static_cast<double>(snapshot->position);
  const bool aged = snapshot != nullptr && gauges.now_us > snapshot->published_us;
  const double age_s =
      aged ? 1e-6 * static_cast<double>(gauges.now_us - snapshot->published_us) : 0;
  page.push_back(Single("sluice_snapshot_version",
                        "Log position folded into the snapshot that requests read.",
                        MetricType::Gauge, position));
  page.push_back(Single("sluice_snapshot_age_seconds", "Time since that snapshot was published.",
                        MetricType::Gauge, age_s));
  const auto lag = gauges.log_end > gauges.applied ? gauges.log_end - gauges.applied : 0;
  page.push_back(Single("sluice_learner_lag_events", "Log entries that are not folded yet.",
                        MetricType::Gauge, static_cast<double>(lag)));
  page.push_back(Single("sluice_learner_lag_seconds",
                        "How long the oldest entry that is not folded yet has waited.",
                        MetricType::Gauge, gauges.learner_lag_s));
}

void AppendStore(const store::StoreHealth& health, std::vector<MetricFamily>& page) {
  page.push_back(Single("sluice_store_queue_depth",
                        "Records handed to the committer and not yet written.", MetricType::Gauge,
                        static_cast<double>(health.queued)));
  page.push_back(Single("sluice_log_bytes_total", "Bytes of records appended to the event log.",
                        MetricType::Counter, static_cast<double>(health.log_bytes)));
  page.push_back(Single("sluice_store_writable", "1 while the event log takes records.",
                        MetricType::Gauge, health.writable ? 1 : 0));
  page.push_back(Single("sluice_store_faults_total", "Failed writes since the start.",
                        MetricType::Counter, static_cast<double>(health.faults)));
}

void AppendPlanes(const std::vector<Gauges::Plane>& planes, std::vector<MetricFamily>& page) {
  auto requests =
      Family("sluice_http_requests_total", "HTTP requests read, by plane.", MetricType::Counter);
  auto connections =
      Family("sluice_http_connections", "Open connections, by plane.", MetricType::Gauge);
  auto refused = Family("sluice_http_connections_refused_total",
                        "Connections refused at the limit, by plane.", MetricType::Counter);
  auto bodies = Family("sluice_http_body_bytes_in_flight",
                       "Bytes of request bodies held, by plane.", MetricType::Gauge);
  for (const auto& plane : planes) {
    const Labels labels = {{"plane", plane.name}};
    Add(requests, labels, static_cast<double>(plane.counters.requests_total));
    Add(connections, labels, static_cast<double>(plane.counters.connections_open));
    Add(refused, labels, static_cast<double>(plane.counters.connections_refused_total));
    Add(bodies, labels, static_cast<double>(plane.counters.body_bytes_in_flight));
  }
  for (auto* family : {&requests, &connections, &refused, &bodies}) {
    page.push_back(std::move(*family));
  }
}

template <typename Counters>
void AddStatuses(const Counters& counters, const std::string& prefix, MetricFamily& family) {
  for (std::size_t i = 0; i < counters.size(); ++i) {
    const double value = Load(counters[i]);
    if (value == 0) continue;
    const std::string code = i < 200 ? std::to_string(400 + i) : "other";
    Add(family, {{prefix.empty() ? "code" : "result", prefix.empty() ? code : prefix + code}},
        value);
  }
}

MetricFamily BuildInfo() {
  auto build = Family("sluice_build_info", "1, with the version as a label.", MetricType::Gauge);
  Add(build, {{"version", SLUICE_VERSION}, {"compiler", __VERSION__}}, 1);
  return build;
}

}  // namespace

void LatencyHistogram::Observe(std::chrono::nanoseconds duration) {
  const double seconds = 1e-9 * static_cast<double>(duration.count());
  const auto* bound = std::lower_bound(kBoundsSeconds.begin(), kBoundsSeconds.end(), seconds);
  const auto i = static_cast<std::size_t>(bound - kBoundsSeconds.begin());
  buckets_[i].fetch_add(1, std::memory_order_relaxed);
  sum_ns_.fetch_add(static_cast<std::uint64_t>(duration.count()), std::memory_order_relaxed);
}

void Metrics::Count(StatusCounters& counters, int status) {
  const bool known = status >= 400 && status < 600;
  const std::size_t i = known ? static_cast<std::size_t>(status - 400) : counters.size() - 1;
  counters[i].fetch_add(1, std::memory_order_relaxed);
}

std::string Metrics::Render(const Snapshot* snapshot, const Gauges& gauges) const {
  std::vector<MetricFamily> page;
  if (snapshot != nullptr) {
    AppendRouters(*snapshot, page);
    AppendScopes(*snapshot, page);
    AppendLearning(*snapshot, page);
    AppendChallengers(*snapshot, gauges, page);
  }
  AppendSnapshot(snapshot, gauges, page);
  AppendStore(gauges.store, page);
  AppendPlanes(gauges.planes, page);

  auto feedback =
      Family("sluice_feedback_events_total", "Feedback events, by result.", MetricType::Counter);
  Add(feedback, {{"result", "accepted"}}, Load(feedback_accepted_));
  Add(feedback, {{"result", "duplicate"}}, Load(feedback_duplicate_));
  AddStatuses(feedback_rejected_, "rejected_", feedback);
  page.push_back(std::move(feedback));

  auto refused = Family("sluice_route_refused_total",
                        "Route requests answered with an error, by status.", MetricType::Counter);
  AddStatuses(route_refused_, "", refused);
  page.push_back(std::move(refused));

  std::vector<const LatencyHistogram*> readers;
  for (const auto& reader : route_latency_) readers.push_back(&reader.histogram);
  page.push_back(Histogram("sluice_route_latency_seconds",
                           "From a parsed route request to its answer, in the router.", readers));
  page.push_back(Histogram("sluice_feedback_latency_seconds",
                           "From a parsed feedback call to its synced acknowledgement.",
                           {&feedback_latency_}));
  for (const auto& [name, help, value] : {
           std::tuple{"sluice_snapshots_published_total", "Snapshots published.",
                      &snapshots_published_},
           std::tuple{"sluice_outcomes_not_learnt_total",
                      "Outcomes in the log that fit no arm or context.", &outcomes_not_learnt_},
           std::tuple{"sluice_checkpoints_saved_total", "Checkpoints written.",
                      &checkpoints_saved_},
           std::tuple{"sluice_checkpoints_failed_total", "Checkpoints that could not be written.",
                      &checkpoints_failed_},
           std::tuple{"sluice_checkpoints_set_aside_total",
                      "Checkpoints found damaged at start and not used.", &checkpoints_set_aside_},
           std::tuple{"sluice_config_reloads_total", "Configuration reloads that took effect.",
                      &reloads_good_},
           std::tuple{"sluice_config_reloads_refused_total",
                      "Configuration reloads that were refused.", &reloads_bad_},
       }) {
    page.push_back(Single(name, help, MetricType::Counter, Load(*value)));
  }
  page.push_back(BuildInfo());
  return prometheus::TextSerializer().Serialize(page);
}

}  // namespace sluice::daemon
