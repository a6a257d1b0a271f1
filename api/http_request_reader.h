// Reads one HTTP/1.1 request out of a stream of bytes, and refuses what is malformed, too large or
// ambiguous. Knows no sockets and no clocks. Private to the server files; hides the parser library.
//
// A request that is refused ends its connection: where the next one would begin is not known.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace sluice::api {

struct RequestLimits {
  std::size_t header_bytes_max = 16 * 1024;
  std::size_t headers_max = 100;
  std::size_t body_bytes_max = 1024 * 1024;
};

class RequestReader {
 public:
  enum class State {
    kHeader,   // the header is not complete yet
    kBody,     // the header is complete and accepted; the body is not complete
    kDone,     // method(), path() ... are what was sent
    kRefused,  // status() and detail() say why
  };

  // The limits must outlive the reader.
  explicit RequestReader(const RequestLimits& limits);
  ~RequestReader();

  // For the next request. Keeps the memory of a small body.
  void Reset();

  // Takes what it can use and returns how much that was; the rest is to be offered again, with more
  // behind it while the state is kHeader or kBody. Returns after the header was accepted, so that
  // the caller can decide before any of the body is taken.
  std::size_t Put(std::string_view bytes);

  State state() const;
  int status() const;
  std::string_view detail() const;

  // After the header was accepted.
  std::string_view method() const;
  std::string_view path() const;
  std::string_view query() const;
  std::string_view host() const;  // as sent, with a port if there is one
  bool has_origin() const;
  std::string_view content_type() const;
  std::size_t body_bytes_announced() const;  // 0 when there is no body, or it comes in chunks
  bool wants_continue() const;               // Expect: 100-continue, and the body still to come
  bool keep_alive() const;
  bool is_http_1_0() const;
  const std::string& body() const;  // as far as it has come

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::api
