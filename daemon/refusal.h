// A Problem in one line.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "api/service.h"

namespace sluice::daemon {

// 503 asks to be tried again after a second.
inline api::Problem Refusal(int status, std::string title, std::string detail,
                            std::string pointer = "") {
  return {.status = status,
          .title = std::move(title),
          .detail = std::move(detail),
          .pointer = std::move(pointer),
          .retry_after_s = status == 503 ? std::optional<int>(1) : std::nullopt};
}

}  // namespace sluice::daemon
