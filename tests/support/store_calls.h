// Calls to a store that wait for their answer, for tests of any store.
#pragma once

#include <cstddef>
#include <future>
#include <stdexcept>
#include <utility>
#include <vector>

#include "store/store.h"

namespace sluice::tests {

// Empty when the store refused to take them.
inline std::vector<store::Appended> AppendAndWait(store::Store& store,
                                                  std::vector<store::OutcomeRecord> records) {
  std::promise<std::vector<store::Appended>> promise;
  auto answered = promise.get_future();
  const bool taken = store.AppendOutcomes(
      std::move(records),
      [&](std::vector<store::Appended> results) { promise.set_value(std::move(results)); });
  return taken ? answered.get() : std::vector<store::Appended>();
}

// One outcome; kFailed when the store refused to take it.
inline store::Appended AppendAndWait(store::Store& store, store::OutcomeRecord record) {
  std::vector<store::OutcomeRecord> records;
  records.push_back(std::move(record));
  const auto results = AppendAndWait(store, std::move(records));
  return results.empty() ? store::Appended::kFailed : results.front();
}

// Everything that was handed over before this call stands in the log after it.
inline void Settle(store::Store& store) {
  AppendAndWait(store, std::vector<store::OutcomeRecord>());
}

// The value, or the test ends with what went wrong.
template <typename T>
T Must(store::Result<T> result) {
  if (!result.ok()) throw std::runtime_error(result.error().message);
  return std::move(result).value();
}

// The whole log, page by page.
inline store::Result<std::vector<store::LogEntry>> ReadWholeLog(const store::Store& store,
                                                                std::size_t page = 500) {
  std::vector<store::LogEntry> all;
  for (;;) {
    auto entries = store.Read(all.size(), page);
    if (!entries.ok()) return entries.error();
    if (entries->empty()) return all;
    for (store::LogEntry& entry : *entries) all.push_back(std::move(entry));
  }
}

}  // namespace sluice::tests
