#include "sim/fit_log.h"

#include <optional>
#include <utility>

#include "daemon/learner.h"
#include "daemon/metrics.h"
#include "daemon/request_context.h"
#include "daemon/snapshot.h"
#include "sim/progress.h"
#include "store/store.h"

namespace sluice::sim {
namespace {

constexpr std::size_t kReadMax = 1024;

// The log's entries through the product's own learner.
class Reader {
 public:
  explicit Reader(store::Store& store)
      : store_(store), learner_(store, board_, metrics_, config::LearnerOptions{}, [] {
          return std::uint64_t{0};
        }) {}

  // Until then there is nothing to look at.
  std::optional<std::string> Recover() {
    const auto recovered = learner_.Recover();
    return recovered.ok() ? std::nullopt : std::optional(recovered.error().message);
  }

  std::shared_ptr<const daemon::Snapshot> Latest() const { return board_.Latest(); }

  // What the router's decisions teach; or what went wrong.
  std::variant<FitSamples, std::string> Samples(const daemon::RouterView& router,
                                                std::FILE* progress) const {
    Progress bar(progress, "reading", store_.last_position());
    FitSamples samples{.map = router.map, .contexts = {}, .samples = {}};
    store::Position at = 0;
    while (true) {
      const auto entries = store_.Read(at, kReadMax);
      if (!entries.ok()) return entries.error().message;
      if (entries->empty()) return samples;
      for (const store::LogEntry& entry : *entries) {
        at = entry.position;
        bar.Add();
        const auto* decision = std::get_if<store::DecisionRecord>(&entry.record);
        if (decision == nullptr || decision->router != router.definition->id) continue;
        if (auto problem = AddDecision(*router.definition, decision->id, samples)) return *problem;
      }
    }
  }

 private:
  // A decision of which the log kept too little for the map that stands is passed over.
  std::optional<std::string> AddDecision(const daemon::RouterDefinition& definition,
                                         const store::DecisionId& id, FitSamples& samples) const {
    const auto story = store_.FindDecision(id);
    if (!story.ok()) return story.error().message;
    const auto standing = *story ? learner_.StandingOf(**story) : std::nullopt;
    if (!standing || (!standing->quality && !standing->cost)) return std::nullopt;
    auto logged = daemon::LoggedContext(definition, samples.map.get(), (*story)->decision);
    if (!logged) return std::nullopt;
    const std::size_t context = samples.contexts.size();
    samples.contexts.push_back(*std::move(logged));
    if (standing->quality) {
      samples.samples.push_back({.context = context,
                                 .arm = standing->quality->arm,
                                 .quality = standing->quality->value,
                                 .weight = standing->quality->weight,
                                 .log_ratio = {}});
    }
    if (standing->cost) {
      samples.samples.push_back({.context = context,
                                 .arm = standing->cost->arm,
                                 .quality = {},
                                 .log_ratio = standing->cost->log_ratio});
    }
    return std::nullopt;
  }

  store::Store& store_;
  daemon::Metrics metrics_{1};
  daemon::SnapshotBoard board_{1};
  daemon::Learner learner_;
};

}  // namespace

std::variant<LoggedSamples, std::string> SamplesOfLog(const std::string& directory,
                                                      const std::string& router,
                                                      std::FILE* progress) {
  const auto store = store::OpenStoreReadOnly(directory);
  if (!store.ok()) return store.error().message;
  Reader reader(**store);
  if (auto problem = reader.Recover()) return *problem;
  const auto snapshot = reader.Latest();
  const daemon::RouterView* view = snapshot == nullptr ? nullptr : snapshot->Find(router);
  if (view == nullptr) return "the log has no router \"" + router + "\"";
  if (view->definition->context.fits_maps() && view->map == nullptr) {
    return "router \"" + router + "\" has not seen enough distinct queries for its context map yet";
  }
  auto samples = reader.Samples(*view, progress);
  if (auto* problem = std::get_if<std::string>(&samples)) return std::move(*problem);
  return LoggedSamples{view->definition, std::get<FitSamples>(std::move(samples))};
}

}  // namespace sluice::sim
