#include "api/http_session.h"

#include <algorithm>
#include <utility>

#include "api/http_response_head.h"
#include "api/plane_support.h"
#include "api/problem.h"

namespace sluice::api {
namespace {

// After a refusal, what the client still sends is read and dropped for a while: closing at once
// would reset the connection, and the client would never see why.
constexpr std::chrono::milliseconds kLingerMax{1000};
constexpr std::size_t kLingerBytesMax = 64 * 1024;

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr const char* kBodiesFull = "too many request bodies are being read";

}  // namespace

Session::Session(ThreadState& thread, Transport& transport)
    : thread_(thread), transport_(transport), reader_(thread.shared->limits) {}

void Session::Enter(Stage stage, std::chrono::milliseconds timeout) {
  stage_ = stage;
  deadline_ = Clock::now() + timeout;
}

// While the thread drains, an idle connection lives on to the next look at the deadlines: time for
// the bytes that have come already to be seen.
void Session::Wait(std::chrono::milliseconds timeout) {
  Enter(Stage::kIdle, thread_.draining ? std::chrono::milliseconds(0) : timeout);
  transport_.Read();
}

void Session::Start() {
  Wait(options().header_timeout);
}

void Session::StartRefused() {
  Fail(503, "too many connections");
}

void Session::OnReceived(std::size_t bytes) {
  switch (stage_) {
    case Stage::kIdle:
      // A first request's time runs from the start of the connection, not from its first byte.
      stage_ = Stage::kHeader;
      if (requests_ > 0 || thread_.draining) {
        Enter(Stage::kHeader, options().header_timeout);
      }
      return Advance();
    case Stage::kHeader:
    case Stage::kBody:
      return Advance();
    case Stage::kLingering:
      transport_.Drop(transport_.Received().size());
      bytes_lingered_ += bytes;
      return bytes_lingered_ > kLingerBytesMax ? Close() : transport_.Read();
    case Stage::kContinue:
    case Stage::kHandler:
    case Stage::kWriting:
    case Stage::kClosed:
      return;
  }
}

// Feeds what has come to the reader, as far as it goes.
void Session::Advance() {
  while (true) {
    transport_.Drop(reader_.Put(transport_.Received()));
    const RequestReader::State state = reader_.state();
    if (state == RequestReader::State::kRefused) {
      return Fail(reader_.status(), std::string(reader_.detail()));
    }
    if (state == RequestReader::State::kHeader) {
      return transport_.Read();
    }
    if (!ReserveBody()) {
      return Fail(503, kBodiesFull);
    }
    if (state == RequestReader::State::kDone) {
      return Handle();
    }
    if (!AdvanceBody()) {
      return;
    }
  }
}

// The header is complete, the body is not. Returns true when bytes of the body may be here already.
bool Session::AdvanceBody() {
  if (stage_ == Stage::kBody) {
    transport_.Read();
    return false;
  }
  Enter(Stage::kBody, options().body_timeout);
  if (reader_.wants_continue() && transport_.Received().empty()) {
    stage_ = Stage::kContinue;
    transport_.Write(kContinue, {});
    return false;
  }
  return true;
}

// What a body was announced as, or has become in chunks, counts for the whole server.
bool Session::ReserveBody() {
  const std::size_t bytes = std::max(reader_.body_bytes_announced(), reader_.body().size());
  if (bytes <= body_bytes_reserved_) {
    return true;
  }
  const std::size_t more = bytes - body_bytes_reserved_;
  std::atomic<std::uint64_t>& in_flight = thread_.shared->body_bytes_in_flight;
  if (in_flight.fetch_add(more) + more > options().body_bytes_in_flight_max) {
    in_flight.fetch_sub(more);
    return false;
  }
  body_bytes_reserved_ = bytes;
  return true;
}

void Session::ReleaseBody() {
  thread_.shared->body_bytes_in_flight.fetch_sub(body_bytes_reserved_);
  body_bytes_reserved_ = 0;
}

void Session::Handle() {
  stage_ = Stage::kHandler;
  deadline_ = Clock::time_point::max();
  ++requests_;
  thread_.shared->requests_total.fetch_add(1, std::memory_order_relaxed);
  request_ = {.method = reader_.method(),
              .path = reader_.path(),
              .query = reader_.query(),
              .host = reader_.host(),
              .has_origin = reader_.has_origin(),
              .content_type = reader_.content_type(),
              .body = reader_.body(),
              .reader = thread_.reader};
  const Respond respond = transport_.MakeRespond();
  try {
    thread_.shared->handler(request_, respond);
  } catch (...) {
    // What went wrong may name things that are not the caller's business.
    respond(ProblemResponse(MakeProblem(500, "the request could not be handled")));
  }
}

void Session::Answer(HttpResponse response) {
  if (stage_ != Stage::kHandler) {
    return;
  }
  const bool keep = reader_.keep_alive() && !thread_.draining &&
                    requests_ < options().requests_per_connection_max;
  Send(std::move(response), keep);
}

void Session::Fail(int status, std::string detail) {
  refused_ = true;
  Send(ProblemResponse(MakeProblem(status, std::move(detail))), false);
}

void Session::Send(HttpResponse response, bool keep) {
  Enter(Stage::kWriting, options().write_timeout);
  ReleaseBody();
  keep_ = keep;
  response_ = std::move(response);
  Persistence persistence = keep ? Persistence::kKeep : Persistence::kClose;
  if (keep && reader_.is_http_1_0()) {
    persistence = Persistence::kKeepOld;
  }
  WriteHead(response_, thread_.date, persistence, head_);
  const bool is_head = reader_.method() == "HEAD";
  transport_.Write(head_, is_head ? std::string_view() : std::string_view(response_.body));
}

void Session::OnSent() {
  if (stage_ == Stage::kContinue) {
    stage_ = Stage::kBody;  // The body's time has been running.
    transport_.Read();
  } else if (stage_ == Stage::kWriting) {
    OnAnswerSent();
  }
}

void Session::OnAnswerSent() {
  const bool received = !transport_.Received().empty();
  if (!keep_) {
    return refused_ || received ? Linger() : Close();
  }
  reader_.Reset();
  response_ = {};
  if (received) {
    Enter(Stage::kHeader, options().header_timeout);
    return Advance();
  }
  Wait(options().idle_timeout);
}

void Session::Linger() {
  Enter(Stage::kLingering, kLingerMax);
  transport_.EndWriting();
  transport_.Drop(transport_.Received().size());
  transport_.Read();
}

void Session::CheckDeadline(Clock::time_point now) {
  if (now < deadline_) {
    return;
  }
  if (stage_ == Stage::kIdle && transport_.HasMore()) {
    return;  // A request has come just now.
  }
  if (stage_ != Stage::kHeader && stage_ != Stage::kBody) {
    return Close();
  }
  transport_.CancelRead();
  Fail(408, "the request did not arrive in time");
}

void Session::Drain() {
  if (stage_ == Stage::kIdle) {
    deadline_ = Clock::now();
  }
}

void Session::Close() {
  if (stage_ == Stage::kClosed) {
    return;
  }
  stage_ = Stage::kClosed;
  ReleaseBody();
  transport_.Close();
}

}  // namespace sluice::api
