#include "api/problem.h"

#include <utility>

namespace sluice::api {
namespace {

struct Phrase {
  int status;
  std::string_view text;
};

// The most frequent first.
constexpr Phrase kPhrases[] = {
    {200, "OK"},
    {202, "Accepted"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {503, "Service Unavailable"},
};

}  // namespace

std::string_view StatusPhrase(int status) {
  for (const auto& [known, phrase] : kPhrases) {
    if (known == status) {
      return phrase;
    }
  }
  return "Unknown";
}

Problem MakeProblem(int status, std::string detail, std::string pointer) {
  Problem problem;
  problem.status = status;
  problem.title = StatusPhrase(status);
  problem.detail = std::move(detail);
  problem.pointer = std::move(pointer);
  if (status == 503) {
    problem.retry_after_s = 1;
  }
  return problem;
}

}  // namespace sluice::api
