#include "sim/logged.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace sluice::sim {
namespace {

constexpr std::size_t kReadMax = 1024;

policy::TokenPrices PricesOf(const config::ArmOptions& arm) {
  return {arm.price_input_per_million_usd, arm.price_output_per_million_usd};
}

std::optional<std::string> Define(store::Position position, const store::RouterRecord& record,
                                  std::vector<LoggedRouter>& routers) {
  if (record.router > routers.size()) return "the log defines its routers out of order";
  auto made = daemon::MakeDefinition(record);
  if (!made) return made.error().message;
  if (record.router == routers.size()) routers.emplace_back();
  LoggedRouter& router = routers[record.router];
  router.definitions.push_back({position, *std::move(made)});
  router.prices.resize(record.arm_names.size());
  for (std::size_t a = 0; a < router.prices.size(); ++a) {
    router.prices[a].push_back({position, PricesOf(router.newest().arms[a])});
  }
  return std::nullopt;
}

}  // namespace

const daemon::RouterDefinition& LoggedRouter::At(store::Position version) const {
  const auto after = std::upper_bound(
      definitions.begin(), definitions.end(), version,
      [](store::Position at, const Definition& definition) { return at < definition.from; });
  return after == definitions.begin() ? *definitions.front().router : *std::prev(after)->router;
}

std::optional<std::string> WalkLog(const store::Store& store, const LogSpan& span,
                                   const std::function<void(store::LogEntry&)>& entry) {
  store::Position position = span.after;
  while (position < span.up_to) {
    auto entries = store.Read(position, kReadMax);
    if (!entries) return entries.error().message;
    if (entries->empty()) return std::nullopt;
    for (store::LogEntry& read : *entries) {
      position = read.position;
      if (position > span.up_to) return std::nullopt;
      entry(read);
    }
  }
  return std::nullopt;
}

std::variant<std::vector<LoggedRouter>, std::string> ReadRouters(const store::Store& store) {
  std::vector<LoggedRouter> routers;
  std::optional<std::string> problem;
  const auto failed = WalkLog(store, {0, store.last_position()}, [&](store::LogEntry& entry) {
    if (const auto* record = std::get_if<store::RouterRecord>(&entry.record)) {
      if (!problem) problem = Define(entry.position, *record, routers);
    } else if (const auto* decision = std::get_if<store::DecisionRecord>(&entry.record)) {
      if (decision->router >= routers.size()) return;
      routers[decision->router].decisions.push_back(entry.position);
    }
  });
  if (failed) return *failed;
  if (problem) return *problem;
  return routers;
}

daemon::Standing JudgeLogged(const LoggedRouter& router, store::DecisionStory story) {
  std::erase_if(story.outcomes, [](const store::PlacedOutcome& outcome) {
    return outcome.record.source == store::kTimerSource;
  });
  if (story.outcomes.empty()) {
    daemon::Standing standing;
    standing.served = story.decision.arm;
    return standing;
  }
  const daemon::LessonRules rules{router.newest(), {}, router.prices};
  return daemon::StandingAt(rules, story, std::numeric_limits<store::Position>::max());
}

}  // namespace sluice::sim
