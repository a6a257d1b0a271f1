#include "api/http_thread.h"

#include <array>
#include <cerrno>
#include <ctime>
#include <future>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <sys/socket.h>

#include "api/http_response_head.h"
#include "api/plane_support.h"
#include "api/problem.h"

namespace sluice::api {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kBufferBytes = 32 * 1024;
// Deadlines are looked at this often; nothing is armed or disarmed for a single request.
constexpr std::chrono::milliseconds kTick{100};
constexpr std::chrono::milliseconds kAcceptPause{50};
// So many connections beyond the limit are told 503; what comes on top of them is only closed.
constexpr std::uint64_t kRefusalsMax = 64;

class Connection;

// All but `io` belongs to the serving thread once that runs.
struct Loop : std::enable_shared_from_this<Loop> {
  Loop(std::shared_ptr<ServerShared> shared, int listening_socket, std::size_t reader);

  void Run();
  void Accept();
  void OnAccepted(const error_code& error, tcp::socket socket);
  void Open(tcp::socket socket);
  void Forget(Connection* connection);
  void Tick();
  void Drain();
  void Cut();
  void EndIfOver();
  std::vector<std::shared_ptr<Connection>> Connections() const;

  asio::io_context io{1};  // First: it outlives the sockets.
  tcp::acceptor acceptor{io};
  asio::steady_timer accept_pause{io};
  asio::steady_timer tick{io};
  ThreadState state;
  std::unordered_map<Connection*, std::shared_ptr<Connection>> connections;
};

// A socket and the session that talks over it.
class Connection final : public Transport, public std::enable_shared_from_this<Connection> {
 public:
  Connection(Loop& loop, tcp::socket socket)
      : loop_(loop), socket_(std::move(socket)), session_(loop.state, *this) {
    buffer_.max_size(std::max(kBufferBytes, 2 * loop.state.shared->limits.header_bytes_max));
    error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
  }

  Session& session() { return session_; }

  std::string_view Received() const override {
    const auto bytes = buffer_.data();
    return {static_cast<const char*>(bytes.data()), bytes.size()};
  }
  void Drop(std::size_t bytes) override { buffer_.consume(bytes); }
  bool HasMore() override;
  void Read() override;
  void Write(std::string_view head, std::string_view body) override;
  void CancelRead() override { socket_.cancel(ignored_); }
  void EndWriting() override { socket_.shutdown(tcp::socket::shutdown_send, ignored_); }
  void Close() override;
  Respond MakeRespond() override;

 private:
  void OnRead(const error_code& error, std::size_t bytes);

  Loop& loop_;
  tcp::socket socket_;
  boost::beast::flat_buffer buffer_;
  error_code ignored_;
  Session session_;
};

// The right to answer one request, once, from any thread. Keeps the loop's memory for as long as
// somebody may still answer; when the loop has ended an answer goes nowhere.
class Ticket {
 public:
  Ticket(std::shared_ptr<Loop> loop, std::shared_ptr<Connection> connection)
      : loop_(std::move(loop)), connection_(std::move(connection)) {}
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;

  // A handler that forgets to answer must not leave its client waiting.
  ~Ticket() {
    if (!used_) {
      Answer(ProblemResponse(MakeProblem(500, "the request was not answered")));
    }
  }

  void Answer(HttpResponse response) {
    if (used_.exchange(true)) {
      return;
    }
    if (loop_->io.get_executor().running_in_this_thread()) {
      connection_->session().Answer(std::move(response));
      return;
    }
    asio::post(loop_->io, [connection = connection_, response = std::move(response)]() mutable {
      connection->session().Answer(std::move(response));
    });
  }

 private:
  std::shared_ptr<Loop> loop_;  // outlives the connection below
  std::shared_ptr<Connection> connection_;
  std::atomic<bool> used_{false};
};

// -- Connection -----------------------------------------------------------------------------------

bool Connection::HasMore() {
  error_code error;
  const std::size_t bytes = socket_.available(error);
  return !error && bytes > 0;
}

void Connection::Read() {
  const auto space = buffer_.prepare(buffer_.max_size() - buffer_.size());
  socket_.async_read_some(space,
                          [self = shared_from_this()](const error_code& error, std::size_t bytes) {
                            self->OnRead(error, bytes);
                          });
}

void Connection::OnRead(const error_code& error, std::size_t bytes) {
  if (error == asio::error::operation_aborted) {
    return;
  }
  if (error) {
    return session_.Close();
  }
  buffer_.commit(bytes);
  session_.OnReceived(bytes);
}

void Connection::Write(std::string_view head, std::string_view body) {
  const std::array<asio::const_buffer, 2> texts = {asio::buffer(head), asio::buffer(body)};
  asio::async_write(socket_, texts,
                    [self = shared_from_this()](const error_code& error, std::size_t) {
                      if (error == asio::error::operation_aborted) {
                        return;
                      }
                      error ? self->session_.Close() : self->session_.OnSent();
                    });
}

void Connection::Close() {
  socket_.shutdown(tcp::socket::shutdown_both, ignored_);
  socket_.close(ignored_);
  loop_.Forget(this);
}

Respond Connection::MakeRespond() {
  return [ticket = std::make_shared<Ticket>(loop_.shared_from_this(), shared_from_this())](
             HttpResponse response) { ticket->Answer(std::move(response)); };
}

// -- Loop -----------------------------------------------------------------------------------------

Loop::Loop(std::shared_ptr<ServerShared> shared, int listening_socket, std::size_t reader) {
  state.shared = std::move(shared);
  state.reader = reader;
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getsockname(listening_socket, reinterpret_cast<sockaddr*>(&address), &size);
  acceptor.assign(address.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), listening_socket);
}

void Loop::Run() {
  Tick();
  Accept();
  while (true) {
    try {
      io.run();
      return;
    } catch (...) {
      // Out of memory, at worst. The connection it happened to runs into its deadline; the others
      // must go on.
    }
  }
}

void Loop::Accept() {
  acceptor.async_accept([this](const error_code& error, tcp::socket socket) {
    OnAccepted(error, std::move(socket));
  });
}

bool IsExhaustion(const error_code& error) {
  const int code = error.value();
  return code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM;
}

void Loop::OnAccepted(const error_code& error, tcp::socket socket) {
  if (!error) {
    Open(std::move(socket));  // Also when the listener has been closed since.
  }
  if (!acceptor.is_open()) {
    return;
  }
  if (!IsExhaustion(error)) {
    return Accept();
  }
  // The connection still waits in the kernel's queue; trying at once would only burn the thread.
  accept_pause.expires_after(kAcceptPause);
  accept_pause.async_wait([this](const error_code& stopped) {
    if (!stopped && acceptor.is_open()) {
      Accept();
    }
  });
}

void Loop::Open(tcp::socket socket) {
  ServerShared& shared = *state.shared;
  const std::uint64_t open = shared.connections_open.fetch_add(1);
  shared.connections_total.fetch_add(1);
  const std::uint64_t limit = shared.options.connections_max;
  if (open >= limit) {
    shared.connections_refused_total.fetch_add(1);
  }
  if (open >= limit + kRefusalsMax) {
    shared.connections_open.fetch_sub(1);
    return;
  }
  auto connection = std::make_shared<Connection>(*this, std::move(socket));
  connections.emplace(connection.get(), connection);
  open < limit ? connection->session().Start() : connection->session().StartRefused();
}

void Loop::Forget(Connection* connection) {
  connections.erase(connection);
  state.shared->connections_open.fetch_sub(1);
  EndIfOver();
}

// A copy, since whoever walks it may close some of them.
std::vector<std::shared_ptr<Connection>> Loop::Connections() const {
  std::vector<std::shared_ptr<Connection>> all;
  all.reserve(connections.size());
  for (const auto& [key, connection] : connections) {
    all.push_back(connection);
  }
  return all;
}

void Loop::Tick() {
  const auto now = Session::Clock::now();
  state.date = FormatDate(std::time(nullptr));
  for (const auto& connection : Connections()) {
    connection->session().CheckDeadline(now);
  }
  if (!acceptor.is_open() && connections.empty()) {
    return;
  }
  tick.expires_after(kTick);
  tick.async_wait([this](const error_code& stopped) {
    if (!stopped) {
      Tick();
    }
  });
}

void Loop::Drain() {
  // Whoever is in the kernel's queue has connected, and may have sent a request already.
  error_code error;
  acceptor.non_blocking(true, error);
  for (std::size_t i = 0; !error && i < state.shared->options.connections_max; ++i) {
    tcp::socket socket(io);
    acceptor.accept(socket, error);
    if (!error) {
      Open(std::move(socket));
    }
  }
  state.draining = true;
  acceptor.close(error);
  accept_pause.cancel();
  for (const auto& connection : Connections()) {
    connection->session().Drain();
  }
  EndIfOver();
}

void Loop::Cut() {
  while (!connections.empty()) {
    const std::shared_ptr<Connection> connection = connections.begin()->second;
    connection->session().Close();
  }
}

// With the timer gone nothing is left to wait for, and Run returns.
void Loop::EndIfOver() {
  if (state.draining && connections.empty()) {
    tick.cancel();
  }
}

}  // namespace

struct ServingThread::Impl {
  std::shared_ptr<Loop> loop;
  std::thread thread;
  std::future<void> ended;
};

ServingThread::ServingThread(std::shared_ptr<ServerShared> shared, int listening_socket,
                             std::size_t reader)
    : impl_(std::make_unique<Impl>()) {
  impl_->loop = std::make_shared<Loop>(std::move(shared), listening_socket, reader);
}

ServingThread::~ServingThread() = default;

void ServingThread::Start() {
  std::promise<void> end;
  impl_->ended = end.get_future();
  impl_->thread = std::thread([loop = impl_->loop.get(), end = std::move(end)]() mutable {
    loop->Run();
    end.set_value();
  });
}

void ServingThread::Drain() {
  asio::post(impl_->loop->io, [loop = impl_->loop.get()] { loop->Drain(); });
}

bool ServingThread::EndsBefore(std::chrono::steady_clock::time_point deadline) {
  return impl_->ended.wait_until(deadline) == std::future_status::ready;
}

void ServingThread::Cut() {
  asio::post(impl_->loop->io, [loop = impl_->loop.get()] { loop->Cut(); });
}

void ServingThread::Join() {
  impl_->thread.join();
}

}  // namespace sluice::api
