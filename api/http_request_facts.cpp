#include "api/http_request_facts.h"

#include <algorithm>
#include <cctype>

namespace sluice::api {
namespace {

// A body's memory is kept from one request to the next up to this size.
constexpr std::size_t kBodyBytesKept = 64 * 1024;

// The characters of a host and a port; whether there is such a host is of no interest here.
bool IsHost(std::string_view text) {
  constexpr std::string_view kMarks = "-._~:[]%!$&'()*+;=";
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           kMarks.find(c) != std::string_view::npos;
  });
}

bool IsTarget(std::string_view target) {
  return std::all_of(target.begin(), target.end(),
                     [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
}

std::optional<Refusal> CheckFraming(const RequestFacts& facts) {
  const RequestFacts::Counts& counts = facts.counts;
  if (counts.hosts > 1 || (counts.hosts == 0 && !counts.is_1_0) || !IsHost(facts.host)) {
    return Refusal{400, "exactly one valid Host is required"};
  }
  if (counts.lengths > 1 || counts.length_is_list) {
    return Refusal{400, "Content-Length may stand once"};
  }
  if (counts.codings > 0 && (counts.codings > 1 || counts.is_1_0 || !counts.coding_is_chunked)) {
    return Refusal{400, "the only transfer coding is chunked, in HTTP/1.1"};
  }
  return std::nullopt;
}

}  // namespace

void RequestFacts::Clear() {
  if (body.capacity() > kBodyBytesKept) {
    body = std::string();
  }
  for (std::string* text : {&method, &target, &host, &content_type, &expect, &body}) {
    text->clear();
  }
  has_origin = false;
  counts = {};
}

bool SameText(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  });
}

bool HasFoldedLine(std::string_view header) {
  for (std::size_t at = header.find("\r\n"); at != std::string_view::npos;
       at = header.find("\r\n", at + 2)) {
    const char next = at + 2 < header.size() ? header[at + 2] : '\0';
    if (next == ' ' || next == '\t') {
      return true;
    }
  }
  return false;
}

std::optional<Refusal> CheckHeader(const RequestFacts& facts, std::size_t lines_max) {
  const RequestFacts::Counts& counts = facts.counts;
  if (counts.lines > lines_max) {
    return Refusal{431, "the request has too many header lines"};
  }
  if (auto refusal = CheckFraming(facts)) {
    return refusal;
  }
  if (!IsTarget(facts.target)) {
    return Refusal{400, "the target has characters that are not allowed"};
  }
  if (counts.content_types > 1) {
    return Refusal{400, "Content-Type may stand once"};
  }
  if (counts.expects > 1 || (counts.expects == 1 && !SameText(facts.expect, "100-continue"))) {
    return Refusal{417, "the only expectation is 100-continue"};
  }
  return std::nullopt;
}

std::optional<RequestTarget> SplitTarget(std::string_view target) {
  const std::size_t scheme = target.find("://");
  if (!target.starts_with('/') && scheme != std::string_view::npos) {
    const bool is_http =
        SameText(target.substr(0, scheme), "http") || SameText(target.substr(0, scheme), "https");
    const std::size_t path = std::min(target.find_first_of("/?", scheme + 3), target.size());
    target = is_http ? target.substr(path) : std::string_view("");
    if (is_http && (target.empty() || target.front() == '?')) {
      return RequestTarget{"/", target.substr(std::min<std::size_t>(1, target.size()))};
    }
  }
  if (!target.starts_with('/') && target != "*") {
    return std::nullopt;
  }
  const std::size_t mark = std::min(target.find('?'), target.size());
  return RequestTarget{target.substr(0, mark), target.substr(std::min(mark + 1, target.size()))};
}

}  // namespace sluice::api
