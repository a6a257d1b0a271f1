// What the daemon's parts say on standard error.
#pragma once

namespace sluice::daemon {

// For programs that run the parts many times over, and say themselves what matters: from now on
// the parts say nothing.
void SilenceLog();

}  // namespace sluice::daemon
