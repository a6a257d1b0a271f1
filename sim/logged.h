// What a daemon's log says about its routers: their definitions over time, which decisions are
// theirs, and what came of each. Reads through store.h alone; one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "daemon/lessons.h"
#include "daemon/roster.h"
#include "store/store.h"

namespace sluice::sim {

struct LoggedRouter {
  struct Definition {
    store::Position from = 0;
    std::shared_ptr<const daemon::RouterDefinition> router;
  };
  std::vector<Definition> definitions;                 // positions rise; not empty
  std::vector<std::vector<daemon::ArmPrices>> prices;  // by arm
  std::vector<store::Position> decisions;              // in the order of the log

  const daemon::RouterDefinition& newest() const { return *definitions.back().router; }
  // In force for a decision of this policy version.
  const daemon::RouterDefinition& At(store::Position version) const;
};

// Entries in (after, up_to].
struct LogSpan {
  store::Position after = 0;
  store::Position up_to = 0;
};

// Hands over every entry, in order. What went wrong, if anything.
std::optional<std::string> WalkLog(const store::Store& store, const LogSpan& span,
                                   const std::function<void(store::LogEntry&)>& entry);

// By router id; or what went wrong.
std::variant<std::vector<LoggedRouter>, std::string> ReadRouters(const store::Store& store);

// Everything that was reported about a decision, judged as the learner judges it, but whatever was
// frozen or rolled back, and without the defaults that timers put where nobody said anything.
daemon::Standing JudgeLogged(const LoggedRouter& router, store::DecisionStory story);

}  // namespace sluice::sim
