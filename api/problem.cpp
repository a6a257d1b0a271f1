#include "api/problem.h"

#include <utility>

namespace sluice::api {

std::string_view StatusPhrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 202:
      return "Accepted";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    default:
      return "Unknown";
  }
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
