// Which outcomes are due. `drive` reports the outcome of request i after request i + delay was
// answered, the rest at the end; `run` does the same when every delay is the same, so that both
// send the same in the same order. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
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

// For delays that differ: by when they are due, then in the order in which they came.
class DueQueue {
 public:
  void Put(std::size_t due_at, Outstanding outstanding) {
    queue_.emplace(due_at, std::move(outstanding));
  }

  // What is due when request `at` was answered, one after another.
  std::optional<Outstanding> Next(std::size_t at) {
    if (queue_.empty() || queue_.begin()->first > at) return std::nullopt;
    return std::move(queue_.extract(queue_.begin()).mapped());
  }

 private:
  std::multimap<std::size_t, Outstanding> queue_;
};

}  // namespace sluice::sim
