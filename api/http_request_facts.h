// What one request's header says, and whether it is refused for it: ambiguous, too much, or nothing
// that HTTP allows. Knows no parser. Private to the server files.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::api {

// Each header line is seen once, so that what stands twice is known.
struct RequestFacts {
  std::string method;
  std::string target;
  std::string host;
  std::string content_type;
  std::string expect;
  std::string body;
  bool has_origin = false;
  struct Counts {
    std::size_t lines = 0;
    std::size_t hosts = 0;
    std::size_t lengths = 0;
    std::size_t codings = 0;
    std::size_t content_types = 0;
    std::size_t expects = 0;
    std::size_t extension_bytes = 0;
    bool coding_is_chunked = true;
    bool length_is_list = false;
    bool header_over = false;
    bool is_1_0 = false;
  } counts;

  void Clear();  // keeps the memory of what is small
};

struct Refusal {
  int status = 400;
  std::string_view detail;
};

std::optional<Refusal> CheckHeader(const RequestFacts& facts, std::size_t lines_max);

// Parsers unfold continued lines, so they have to be looked for in the bytes.
bool HasFoldedLine(std::string_view header);

// Whatever the case of the letters.
bool SameText(std::string_view a, std::string_view b);

struct RequestTarget {
  std::string_view path;
  std::string_view query;
};

// The forms of RFC 9112: "/path?query", and "http://host/path?query" as proxies send it. Nothing
// for "host:port", which only CONNECT uses.
std::optional<RequestTarget> SplitTarget(std::string_view target);

}  // namespace sluice::api
