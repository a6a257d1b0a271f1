// Listening addresses: "HOST:PORT" to a numeric loopback host and a port, and back.
#include <charconv>

#include <arpa/inet.h>

#include "config/field.h"
#include "config/format.h"

namespace sluice::config {

namespace {

struct HostPort {
  std::string host;  // without brackets
  std::string_view port;
};

// Splits at the last colon; an IPv6 host stands in brackets.
std::optional<HostPort> Split(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const bool has_colon = host.find(':') != std::string_view::npos;
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (has_colon != bracketed) return std::nullopt;
  if (bracketed) host = host.substr(1, host.size() - 2);
  return HostPort{std::string(host), text.substr(colon + 1)};
}

std::optional<std::uint16_t> ParsePort(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

// The address in digits, in one spelling; empty when it is not loopback.
std::optional<std::string> Loopback(const std::string& host) {
  if (host == "localhost") return "127.0.0.1";
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    if ((ntohl(v4.s_addr) >> 24) != 127) return std::nullopt;
    return host;
  }
  in6_addr v6{};
  if (inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6)) return "::1";
  return std::nullopt;
}

std::vector<Problem> Refused(std::string_view field, std::string text) {
  return {Problem{.file = "", .line = 0, .field = std::string(field), .text = std::move(text)}};
}

}  // namespace

Checked<std::pair<std::string, std::uint16_t>> ParseListen(std::string_view text,
                                                           std::string_view field) {
  const auto parts = Split(text);
  const auto port = parts ? ParsePort(parts->port) : std::nullopt;
  if (!port) return Refused(field, "must be " + Describe(Listen{}) + ", not " + Quote(text));
  const auto host = Loopback(parts->host);
  if (!host) {
    return Refused(field, "must have a loopback host (127.0.0.1, [::1] or localhost), not " +
                              Quote(parts->host) +
                              ": this version has no keys, so it does not listen beyond loopback");
  }
  return std::pair{*host, *port};
}

std::string FormatListen(std::string_view host, std::uint16_t port) {
  const bool v6 = host.find(':') != std::string_view::npos;
  std::string text(v6 ? "[" : "");
  text.append(host).append(v6 ? "]:" : ":").append(std::to_string(port));
  return text;
}

}  // namespace sluice::config
