#include "daemon/snapshot.h"

namespace sluice::daemon {

const RouterView* Snapshot::Find(const std::string& name) const {
  const auto found = router_ids.find(name);
  return found == router_ids.end() ? nullptr : &routers[found->second];
}

SnapshotBoard::SnapshotBoard(std::size_t readers) : mailboxes_(readers) {}

SnapshotBoard::~SnapshotBoard() {
  for (Mailbox& mailbox : mailboxes_) delete mailbox.posted.exchange(nullptr);
}

void SnapshotBoard::Publish(std::shared_ptr<const Snapshot> snapshot) {
  for (Mailbox& mailbox : mailboxes_) {
    auto* node = new std::shared_ptr<const Snapshot>(snapshot);
    // What a reader has not taken yet is replaced, and freed here.
    delete mailbox.posted.exchange(node, std::memory_order_acq_rel);
  }
  const std::lock_guard lock(mutex_);
  latest_ = std::move(snapshot);
}

const Snapshot* SnapshotBoard::Current(std::size_t reader) {
  Mailbox& mailbox = mailboxes_[reader];
  if (mailbox.posted.load(std::memory_order_relaxed) != nullptr) {
    const std::unique_ptr<std::shared_ptr<const Snapshot>> node(
        mailbox.posted.exchange(nullptr, std::memory_order_acq_rel));
    if (node) mailbox.held = std::move(*node);
  }
  return mailbox.held.get();
}

std::shared_ptr<const Snapshot> SnapshotBoard::Latest() const {
  const std::lock_guard lock(mutex_);
  return latest_;
}

}  // namespace sluice::daemon
