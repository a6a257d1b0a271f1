// An HTTP/1.1 listener with limits and deadlines on every connection, for both planes. One
// io_context a serving thread, each with its own acceptor (SO_REUSEPORT); a connection lives and
// dies on one thread and has one request in flight.
//
// Refuses what the parser lets through and a proxy could be fooled by: transfer codings other than
// exactly "chunked", HTTP/1.0 with one, no Host, two Hosts, two Content-Lengths, folded header
// lines, endless chunk extensions, targets that are not ASCII.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::api {

struct ServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free port
  std::size_t threads = 1;
  std::size_t header_bytes_max = 16 * 1024;
  std::size_t headers_max = 100;
  std::size_t body_bytes_max = 1024 * 1024;
  std::size_t body_bytes_in_flight_max = 256 * 1024 * 1024;  // of the whole server; beyond it, 503
  std::size_t connections_max = 4096;                        // beyond it, 503 and close
  std::size_t requests_per_connection_max = 10000;
  std::chrono::milliseconds header_timeout{5000};
  std::chrono::milliseconds body_timeout{10000};
  std::chrono::milliseconds idle_timeout{60000};
  std::chrono::milliseconds write_timeout{10000};
};

struct HttpRequest {
  std::string_view method;        // as sent
  std::string_view path;          // without the query
  std::string_view query;         // after '?', not decoded
  std::string_view host;          // as sent, with a port if there is one; empty: none
  bool has_origin = false;        // there is an Origin header, as browsers send it for a page
  std::string_view content_type;  // as sent; empty: none
  std::string_view body;
  std::size_t reader = 0;  // number of the serving thread
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

// Called on the serving thread; the views in the request live until `respond` is called. `respond`
// may be called from any thread, once; calling it after the connection is gone is harmless. A
// handler that throws answers 500 and the process lives.
using Respond = std::function<void(HttpResponse)>;
using HttpHandler = std::function<void(const HttpRequest&, Respond)>;

class HttpServer {
 public:
  // Binds at once (so that the port is known and a failure is an error at start), serves after
  // Start(). Throws std::runtime_error with the reason when it cannot bind.
  HttpServer(const ServerOptions& options, HttpHandler handler);
  ~HttpServer();  // Stop() with no grace
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;
  void Start();

  // Closes the listener, lets requests in flight finish, closes idle connections, and joins the
  // threads; after `grace` what is left is cut. Blocks.
  void Stop(std::chrono::milliseconds grace);

  struct Counters {
    std::uint64_t connections_open = 0;
    std::uint64_t connections_total = 0;
    std::uint64_t connections_refused_total = 0;
    std::uint64_t requests_total = 0;
    std::uint64_t body_bytes_in_flight = 0;
  };
  Counters counters() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::api
