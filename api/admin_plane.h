// The plane that operators use: /healthz, /readyz, /metrics, /v1/routers, /v1/routers/{name},
// /v1/decisions/{id}. It has a port, a thread and an io_context of its own, so that overload of the
// data plane never hides it.
#pragma once

#include "api/http_server.h"
#include "api/service.h"

namespace sluice::api {

// The service must outlive the server that runs the handler.
HttpHandler MakeAdminPlane(Service& service);

}  // namespace sluice::api
