// A store that passes every call on to another, for tests that change one of them.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "store/store.h"

namespace sluice::tests {

class ForwardingStore : public store::Store {
 public:
  explicit ForwardingStore(store::Store& inner) : inner_(inner) {}

  bool AppendDecision(store::DecisionRecord record) override {
    return inner_.AppendDecision(std::move(record));
  }
  bool AppendOutcomes(std::vector<store::OutcomeRecord> records, OutcomesDone done) override {
    return inner_.AppendOutcomes(std::move(records), std::move(done));
  }
  store::Result<store::Position> AppendRouter(store::RouterRecord record) override {
    return inner_.AppendRouter(std::move(record));
  }
  store::Result<store::Position> AppendAdmin(store::AdminRecord record) override {
    return inner_.AppendAdmin(std::move(record));
  }
  store::Position last_position() const override { return inner_.last_position(); }
  store::Result<std::vector<store::LogEntry>> Read(store::Position after,
                                                   std::size_t entries_max) const override {
    return inner_.Read(after, entries_max);
  }
  bool WaitPast(store::Position after, std::chrono::milliseconds timeout) const override {
    return inner_.WaitPast(after, timeout);
  }
  store::Result<store::DecisionRecord> DecisionAt(store::Position position) const override {
    return inner_.DecisionAt(position);
  }
  store::Result<std::optional<store::DecisionStory>> FindDecision(
      const store::DecisionId& id) const override {
    return inner_.FindDecision(id);
  }
  store::Result<store::Done> SaveCheckpoint(const store::Checkpoint& checkpoint) override {
    return inner_.SaveCheckpoint(checkpoint);
  }
  store::Result<Checkpoints> LoadCheckpoints() const override { return inner_.LoadCheckpoints(); }
  store::StoreHealth health() const override { return inner_.health(); }

 private:
  store::Store& inner_;
};

}  // namespace sluice::tests
