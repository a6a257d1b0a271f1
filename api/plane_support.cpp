#include "api/plane_support.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "api/problem.h"
#include "api/wire.h"
#include "api/wire_json.h"

namespace sluice::api {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

HttpResponse JsonResponse(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

HttpResponse ProblemResponse(const Problem& problem) {
  HttpResponse response = JsonResponse(problem.status, RenderProblem(problem));
  response.content_type = "application/problem+json";
  if (problem.retry_after_s) {
    response.headers.emplace_back("Retry-After", std::to_string(*problem.retry_after_s));
  }
  return response;
}

HttpResponse MethodNotAllowed(std::string_view allowed) {
  HttpResponse response =
      ProblemResponse(MakeProblem(405, "this path answers to " + std::string(allowed)));
  response.headers.emplace_back("Allow", allowed);
  return response;
}

bool IsJson(std::string_view content_type) {
  constexpr std::string_view kJson = "application/json";
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) {
    type.remove_suffix(1);
  }
  return std::equal(type.begin(), type.end(), kJson.begin(), kJson.end(), [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == b;
  });
}

std::optional<std::string> DecodePercent(std::string_view text, std::size_t bytes_max) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
      const int low = high >= 0 ? HexDigit(text[i + 2]) : -1;
      if (low < 0) {
        return std::nullopt;
      }
      c = static_cast<char>(high << 4 | low);
      i += 2;
    }
    if (decoded.size() == bytes_max || static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return std::nullopt;
    }
    decoded += c;
  }
  return decoded.empty() || !IsUtf8(decoded) ? std::nullopt : std::optional(decoded);
}

std::optional<std::string_view> QueryParameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (pair.substr(0, equals) == name) {
      return pair.substr(std::min(pair.size(), equals + 1));
    }
  }
  return std::nullopt;
}

}  // namespace sluice::api
