// What a daemon's log says about a router's arms, in the form that is fitted.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <variant>

#include "daemon/roster.h"
#include "sim/fitting.h"

namespace sluice::sim {

struct LoggedSamples {
  std::shared_ptr<const daemon::RouterDefinition> definition;  // in force at the log's end
  FitSamples samples;  // what the product's own rules make of each decision's feedback
};

// `directory` is a daemon's, live or copied, and is only read. The alternative is a sentence for
// the user. `progress`: null for none.
std::variant<LoggedSamples, std::string> SamplesOfLog(const std::string& directory,
                                                      const std::string& router,
                                                      std::FILE* progress = nullptr);

}  // namespace sluice::sim
