// What a daemon's log says about a router's arms, in the form that is fitted.
#pragma once

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

// `directory` is a copy of a daemon's, which is opened as a daemon would. The alternative is a
// sentence for the user.
// TODO(next): open it read-only, so that it need not be a copy.
std::variant<LoggedSamples, std::string> SamplesOfLog(const std::string& directory,
                                                      const std::string& router);

}  // namespace sluice::sim
