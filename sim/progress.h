// A progress bar for people who wait: nothing in the first two seconds, then a bar that is redrawn
// on a terminal, or now and then a line elsewhere. Any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <mutex>
#include <string>

namespace sluice::sim {

class Progress {
 public:
  // Silent when `out` is null. Whether it is a terminal is found out here.
  Progress(std::FILE* out, std::string label, std::size_t total);
  ~Progress();  // ends the bar's line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Add(std::size_t done = 1);

 private:
  using Time = std::chrono::steady_clock::time_point;
  void Draw(Time now);

  // Constant after construction.
  std::FILE* out_;
  const std::string label_;
  const std::size_t total_;
  bool terminal_ = false;
  const Time start_;

  std::mutex mutex_;
  std::size_t done_ = 0;  // guarded by mutex_, as all below
  Time drawn_;
  bool shown_ = false;
};

}  // namespace sluice::sim
