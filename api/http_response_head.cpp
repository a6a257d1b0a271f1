#include "api/http_response_head.h"

#include <charconv>
#include <cstdio>
#include <ctime>

#include "api/problem.h"

namespace sluice::api {
namespace {

void AppendNumber(std::uint64_t number, std::string& out) {
  char text[20];
  out.append(text, std::to_chars(text, text + sizeof text, number).ptr);
}

void AppendValue(std::string_view value, std::string& out) {
  for (const char c : value) {
    out += c >= 0x20 && c < 0x7f ? c : '?';
  }
}

void AppendLine(std::string_view name, std::string_view value, std::string& out) {
  out += name;
  out += ": ";
  AppendValue(value, out);
  out += "\r\n";
}

}  // namespace

void WriteHead(const HttpResponse& response, std::string_view date, Persistence persistence,
               std::string& out) {
  out.clear();
  out += "HTTP/1.1 ";
  AppendNumber(static_cast<std::uint64_t>(response.status), out);
  out += ' ';
  out += StatusPhrase(response.status);
  out += "\r\n";
  AppendLine("Date", date, out);
  AppendLine("Content-Type", response.content_type, out);
  for (const auto& [name, value] : response.headers) {
    AppendLine(name, value, out);
  }
  if (persistence != Persistence::kKeep) {
    AppendLine("Connection", persistence == Persistence::kClose ? "close" : "keep-alive", out);
  }
  out += "Content-Length: ";
  AppendNumber(response.body.size(), out);
  out += "\r\n\r\n";
}

std::string FormatDate(std::int64_t unix_s) {
  const std::time_t time = unix_s;
  std::tm parts{};
  gmtime_r(&time, &parts);
  // The names are English whatever the locale says.
  constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  char text[64];
  std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[parts.tm_wday],
                parts.tm_mday, kMonths[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour,
                parts.tm_min, parts.tm_sec);
  return text;
}

}  // namespace sluice::api
