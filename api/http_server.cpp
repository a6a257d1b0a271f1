#include "api/http_server.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <system_error>

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/http_thread.h"

namespace sluice::api {
namespace {

// A socket that is closed unless somebody takes it.
class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept : descriptor_(other.Take()) {}
  ~Socket() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  Socket& operator=(Socket&&) = delete;

  int get() const { return descriptor_; }
  int Take() { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_;
};

struct Address {
  sockaddr_storage bytes{};
  socklen_t size = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&bytes); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&bytes); }
  // Where the port is, in network order, for either family.
  in_port_t& port() {
    return bytes.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&bytes)->sin6_port
                                       : reinterpret_cast<sockaddr_in*>(&bytes)->sin_port;
  }
};

[[noreturn]] void Fail(const ServerOptions& options, const std::string& reason) {
  throw std::runtime_error("cannot listen on " + options.host + ":" + std::to_string(options.port) +
                           ": " + reason);
}

std::string LastError() {
  return std::generic_category().message(errno);
}

Address Resolve(const ServerOptions& options) {
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(options.port);
  if (const int error = ::getaddrinfo(options.host.c_str(), port.c_str(), &hints, &found)) {
    Fail(options, ::gai_strerror(error));
  }
  Address address;
  address.size = found->ai_addrlen;
  std::memcpy(&address.bytes, found->ai_addr, found->ai_addrlen);
  ::freeaddrinfo(found);
  return address;
}

enum class Sharing { kAlone, kWithOurThreads };

Socket Bind(const ServerOptions& options, const Address& address, Sharing sharing) {
  Socket socket(::socket(address.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (sharing == Sharing::kWithOurThreads) {
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  }
  if (socket.get() < 0 || ::bind(socket.get(), address.get(), address.size) != 0) {
    Fail(options, LastError());
  }
  return socket;
}

// One listening socket a thread, all on one port.
std::vector<Socket> Listen(const ServerOptions& options, Address address) {
  // SO_REUSEPORT would let a second daemon of the same user share the port unnoticed. A socket
  // without it is refused where anybody listens.
  Bind(options, address, Sharing::kAlone);
  std::vector<Socket> sockets;
  for (std::size_t i = 0; i < options.threads; ++i) {
    sockets.push_back(Bind(options, address, Sharing::kWithOurThreads));
    if (::listen(sockets.back().get(), SOMAXCONN) != 0) {
      Fail(options, LastError());
    }
    // The first one was given a port if none was asked for; the others join it.
    ::getsockname(sockets.back().get(), address.get(), &address.size);
  }
  return sockets;
}

}  // namespace

struct HttpServer::Impl {
  std::shared_ptr<ServerShared> shared = std::make_shared<ServerShared>();
  std::vector<std::unique_ptr<ServingThread>> threads;
  std::uint16_t port = 0;
  std::mutex mutex;  // guards what follows
  bool started = false;
  bool stopped = false;
};

HttpServer::HttpServer(const ServerOptions& options, HttpHandler handler)
    : impl_(std::make_unique<Impl>()) {
  ServerShared& shared = *impl_->shared;
  shared.options = options;
  shared.options.threads = std::max<std::size_t>(1, options.threads);
  shared.limits = {.header_bytes_max = options.header_bytes_max,
                   .headers_max = options.headers_max,
                   .body_bytes_max = options.body_bytes_max};
  shared.handler = std::move(handler);
  std::vector<Socket> sockets = Listen(shared.options, Resolve(options));
  Address bound;
  bound.size = sizeof bound.bytes;
  ::getsockname(sockets.front().get(), bound.get(), &bound.size);
  impl_->port = ntohs(bound.port());
  for (Socket& socket : sockets) {
    impl_->threads.push_back(
        std::make_unique<ServingThread>(impl_->shared, socket.Take(), impl_->threads.size()));
  }
}

HttpServer::~HttpServer() {
  Stop(std::chrono::milliseconds(0));
}

std::uint16_t HttpServer::port() const {
  return impl_->port;
}

void HttpServer::Start() {
  const std::lock_guard lock(impl_->mutex);
  if (impl_->started || impl_->stopped) {
    return;
  }
  impl_->started = true;
  for (const auto& thread : impl_->threads) {
    thread->Start();
  }
}

void HttpServer::Stop(std::chrono::milliseconds grace) {
  const std::lock_guard lock(impl_->mutex);
  if (std::exchange(impl_->stopped, true)) {
    return;
  }
  const auto deadline = std::chrono::steady_clock::now() + grace;
  if (impl_->started) {
    for (const auto& thread : impl_->threads) {
      thread->Drain();
    }
    for (const auto& thread : impl_->threads) {
      if (!thread->EndsBefore(deadline)) {
        thread->Cut();
      }
    }
    for (const auto& thread : impl_->threads) {
      thread->Join();
    }
  }
  impl_->threads.clear();
}

HttpServer::Counters HttpServer::counters() const {
  const ServerShared& shared = *impl_->shared;
  return {.connections_open = shared.connections_open,
          .connections_total = shared.connections_total,
          .connections_refused_total = shared.connections_refused_total,
          .requests_total = shared.requests_total,
          .body_bytes_in_flight = shared.body_bytes_in_flight};
}

}  // namespace sluice::api
