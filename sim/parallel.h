// Independent pieces of work on so many threads. What comes of them does not depend on how many.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace sluice::sim {

// One a core.
inline std::size_t ThreadsOfMachine() {
  return std::max(1U, std::thread::hardware_concurrency());
}

// Calls work(0) .. work(count - 1), each once; returns when all have.
template <typename Work>
void ForEach(std::size_t count, std::size_t threads, Work&& work) {
  std::atomic<std::size_t> next{0};
  const auto serve = [&] {
    for (std::size_t i = next++; i < count; i = next++) work(i);
  };
  std::vector<std::thread> others;
  for (std::size_t t = 1; t < std::min(threads, count); ++t) others.emplace_back(serve);
  serve();
  for (std::thread& thread : others) thread.join();
}

}  // namespace sluice::sim
