// The plane that operators use: health, metrics, reports, and what they change (admin_paths.h). It
// has a port, a thread and an io_context of its own, so that overload of the data plane never hides
// it. A change blocks this thread until it is in the log and folded.
#pragma once

#include "api/http_server.h"
#include "api/service.h"

namespace sluice::api {

// The service must outlive the server that runs the handler.
HttpHandler MakeAdminPlane(Service& service);

}  // namespace sluice::api
