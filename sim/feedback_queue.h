// Which outcomes are due: the outcome of request i is reported after request i + delay was
// answered, the rest at the end. `run` and `drive` share it, so that they send the same in the same
// order. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>

namespace sluice::sim {

// A decision whose outcome has not been reported yet.
struct Outstanding {
  std::size_t task = 0;
  std::int32_t arm = 0;
  std::string decision_id;

  std::string event_id() const { return "sim-" + decision_id; }
};

class FeedbackQueue {
 public:
  explicit FeedbackQueue(std::size_t delay) : delay_(delay) {}

  // Takes what was just answered and gives back what is due by it, if anything.
  std::optional<Outstanding> Answered(Outstanding outstanding) {
    queue_.push_back(std::move(outstanding));
    return queue_.size() > delay_ ? Next() : std::nullopt;
  }

  // At the end: the next of the rest, oldest first.
  std::optional<Outstanding> Next() {
    if (queue_.empty()) return std::nullopt;
    Outstanding next = std::move(queue_.front());
    queue_.pop_front();
    return next;
  }

 private:
  std::size_t delay_;
  std::deque<Outstanding> queue_;
};

}  // namespace sluice::sim
