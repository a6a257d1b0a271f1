#include "api/admin_guard.h"

#include <algorithm>
#include <cctype>
#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "api/plane_support.h"
#include "api/problem.h"

namespace sluice::api {
namespace {

// Longer than any address in digits.
constexpr std::size_t kAddressBytesMax = INET6_ADDRSTRLEN;

bool IsPort(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Drops ":8081". The colons of an address of version six stand in brackets.
std::string_view WithoutPort(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  const bool has_port = colon != std::string_view::npos && IsPort(host.substr(colon + 1));
  return has_port ? host.substr(0, colon) : host;
}

bool IsLoopbackV4(const std::string& digits) {
  in_addr address{};
  return ::inet_pton(AF_INET, digits.c_str(), &address) == 1 &&
         ntohl(address.s_addr) >> 24 == IN_LOOPBACKNET;
}

bool IsLoopbackV6(const std::string& digits) {
  in6_addr address{};
  return ::inet_pton(AF_INET6, digits.c_str(), &address) == 1 &&
         IN6_IS_ADDR_LOOPBACK(&address) != 0;
}

bool IsLocalhost(std::string_view name) {
  constexpr std::string_view kName = "localhost";
  return std::equal(name.begin(), name.end(), kName.begin(), kName.end(), [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == b;
  });
}

}  // namespace

bool IsLoopbackHost(std::string_view host) {
  const std::string_view name = WithoutPort(host);
  if (name.size() > kAddressBytesMax) {
    return false;
  }
  if (name.starts_with('[') && name.ends_with(']')) {
    return IsLoopbackV6(std::string(name.substr(1, name.size() - 2)));
  }
  return IsLocalhost(name) || IsLoopbackV4(std::string(name));
}

std::optional<Problem> RefuseChange(const HttpRequest& request) {
  if (request.has_origin) {
    return MakeProblem(403, "a web page may not change anything here (Origin)");
  }
  if (!IsLoopbackHost(request.host)) {
    return MakeProblem(403, "what changes something must name the loopback as its Host");
  }
  if (!request.body.empty() && !IsJson(request.content_type)) {
    return MakeProblem(415, "the body must be application/json");
  }
  return std::nullopt;
}

}  // namespace sluice::api
