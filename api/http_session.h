// One connection's conversation: which request is being read, which answer is due, until when, and
// whether another request may follow. Asks a transport for bytes and gives it bytes; knows no
// sockets. Private to the server files. Everything runs on the connection's serving thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "api/http_request_reader.h"
#include "api/http_server.h"

namespace sluice::api {

// What all threads of one server share. Options, limits and handler are constant.
struct ServerShared {
  ServerOptions options;
  RequestLimits limits;
  HttpHandler handler;

  std::atomic<std::uint64_t> connections_open{0};
  std::atomic<std::uint64_t> connections_total{0};
  std::atomic<std::uint64_t> connections_refused_total{0};
  std::atomic<std::uint64_t> requests_total{0};
  std::atomic<std::uint64_t> body_bytes_in_flight{0};
};

// What all connections of one serving thread share.
struct ThreadState {
  std::shared_ptr<ServerShared> shared;
  std::size_t reader = 0;
  bool draining = false;  // no answer invites another request
  std::string date;       // as the Date header has it
};

// What a session needs of its connection. No call comes back into the session before it returns,
// but for Close.
class Transport {
 public:
  virtual ~Transport() = default;

  virtual std::string_view Received() const = 0;  // bytes that were read and not dropped yet
  virtual void Drop(std::size_t bytes) = 0;
  virtual bool HasMore() = 0;  // whether bytes wait to be read
  virtual void Read() = 0;     // at least a byte, then Session::OnReceived
  // Both texts, then Session::OnSent. They stay as they are until then.
  virtual void Write(std::string_view head, std::string_view body) = 0;
  virtual void CancelRead() = 0;      // the pending Read comes to nothing
  virtual void EndWriting() = 0;      // the other side sees the end of the stream
  virtual void Close() = 0;           // the conversation is over
  virtual Respond MakeRespond() = 0;  // leads to Session::Answer, once, from any thread
};

class Session {
 public:
  using Clock = std::chrono::steady_clock;

  // Both outlive the session.
  Session(ThreadState& thread, Transport& transport);

  void Start();
  void StartRefused();  // there are too many connections
  void OnReceived(std::size_t bytes);
  void OnSent();
  void Answer(HttpResponse response);  // to the request that is with the handler; else ignored
  void CheckDeadline(Clock::time_point now);
  void Drain();  // the thread has begun to drain: an idle session ends soon
  void Close();

 private:
  enum class Stage {
    kIdle,      // between requests
    kHeader,    // parts of a header are there
    kBody,      // parts of a body are there
    kContinue,  // "100 Continue" is being written
    kHandler,   // the request is with the handler
    kWriting,
    kLingering,  // all is said; what still comes is dropped, so that the client reads the answer
    kClosed,
  };

  const ServerOptions& options() const { return thread_.shared->options; }
  void Enter(Stage stage, std::chrono::milliseconds timeout);
  void Wait(std::chrono::milliseconds timeout);
  void Advance();
  bool AdvanceBody();
  bool ReserveBody();
  void ReleaseBody();
  void Handle();
  void Fail(int status, std::string detail);
  void Send(HttpResponse response, bool keep);
  void OnAnswerSent();
  void Linger();

  ThreadState& thread_;
  Transport& transport_;
  RequestReader reader_;
  Stage stage_ = Stage::kIdle;
  Clock::time_point deadline_ = Clock::time_point::max();
  HttpRequest request_;
  HttpResponse response_;
  std::string head_;
  std::size_t requests_ = 0;
  std::size_t body_bytes_reserved_ = 0;
  std::size_t bytes_lingered_ = 0;
  bool keep_ = true;      // whether another request may follow this one
  bool refused_ = false;  // the request was not read to its end
};

}  // namespace sluice::api
