// What the learner itself appends: what timers, prices and verdicts say that is due. Each is in
// force once it is folded, as everything in the log is.
#include <mutex>
#include <utility>

#include <spdlog/spdlog.h>

#include "api/operations.h"
#include "daemon/learner.h"

namespace sluice::daemon {

namespace {

constexpr std::size_t kTimersMax = 256;  // fired at once

}  // namespace

// What is due because nobody said anything in time becomes a record, and is learnt from there.
void Learner::FireTimers() {
  const std::uint64_t now_us = clock_();
  for (const auto& router : routers_) {
    if (!FirePrices(*router, now_us) || !FireVerdict(*router, now_us)) return;
    auto due = router->DueTimers(now_us, kTimersMax);
    if (due.empty()) continue;
    store_.AppendOutcomes(std::move(due), [](const std::vector<store::Appended>&) {});
  }
}

// False: the log takes nothing now. While somebody else changes definitions it waits for the next
// step: what is made here is made of the definition that is folded.
bool Learner::FirePrices(const RouterFold& router, std::uint64_t now_us) {
  const std::unique_lock changing(definitions_, std::try_to_lock);
  if (!changing.owns_lock()) return true;
  auto priced = router.DuePrices(now_us);
  if (!priced) return true;
  spdlog::info("router '{}': a price change goes into force", priced->name);
  return store_.AppendRouter(*std::move(priced)).ok();
}

// What a challenger's test has shown; it is in force once it is folded. False: the log takes
// nothing now.
bool Learner::FireVerdict(RouterFold& router, std::uint64_t now_us) {
  auto verdict = router.DueVerdict(now_us);
  if (!verdict) return true;
  const auto said = [&]() -> const char* {
    switch (static_cast<api::AdminOperation>(verdict->operation)) {
      case api::AdminOperation::kPromote:
        return "is shown to be better and goes into force";
      case api::AdminOperation::kRecommend:
        return "is shown to be better and is recommended";
      case api::AdminOperation::kDemote:
        return "does worse than what it replaced, which comes back";
      default:
        return "is shown to be worse, its test is over";
    }
  };
  spdlog::warn("router '{}': challenger '{}' {}", router.definition().name(), verdict->arm, said());
  return store_.AppendAdmin(*std::move(verdict)).ok();
}

}  // namespace sluice::daemon
