#include "daemon/logging.h"

#include <spdlog/spdlog.h>

namespace sluice::daemon {

void SilenceLog() {
  spdlog::set_level(spdlog::level::off);
}

}  // namespace sluice::daemon
