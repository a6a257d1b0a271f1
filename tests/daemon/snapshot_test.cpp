#include "daemon/snapshot.h"

#include <atomic>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

namespace sluice::daemon {

namespace {

// Its position is written twice, so that a reader can tell a torn snapshot.
std::shared_ptr<const Snapshot> Numbered(store::Position position) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->position = position;
  snapshot->published_us = position;
  return snapshot;
}

}  // namespace

TEST_CASE("a reader sees nothing before the first snapshot") {
  SnapshotBoard board(2);
  CHECK(board.Current(0) == nullptr);
  CHECK(board.Latest() == nullptr);
}

TEST_CASE("each reader gets the newest snapshot at its next look") {
  SnapshotBoard board(2);
  board.Publish(Numbered(1));
  CHECK(board.Current(0)->position == 1);
  board.Publish(Numbered(2));
  board.Publish(Numbered(3));
  CHECK(board.Current(0)->position == 3);
  CHECK(board.Current(1)->position == 3);
  CHECK(board.Latest()->position == 3);
}

TEST_CASE("at most two snapshots a reader and the publisher's stay alive") {
  SnapshotBoard board(2);
  std::vector<std::weak_ptr<const Snapshot>> published;
  for (store::Position i = 1; i <= 100; ++i) {
    auto snapshot = Numbered(i);
    published.push_back(snapshot);
    board.Publish(std::move(snapshot));
    if (i % 7 == 0) board.Current(0);
    if (i % 31 == 0) board.Current(1);
  }
  std::size_t alive = 0;
  for (const auto& snapshot : published) alive += snapshot.expired() ? 0 : 1;
  CHECK(alive <= 5);
  CHECK(alive >= 1);
}

TEST_CASE("readers see whole snapshots that only get newer while one thread publishes") {
  constexpr std::size_t kReaders = 4;
  constexpr store::Position kPublished = 20000;
  SnapshotBoard board(kReaders);
  board.Publish(Numbered(1));
  std::atomic<bool> stop{false};
  std::atomic<std::size_t> wrong{0};
  std::vector<std::thread> readers;
  for (std::size_t reader = 0; reader < kReaders; ++reader) {
    readers.emplace_back([&, reader] {
      store::Position last = 0;
      while (!stop) {
        const Snapshot* snapshot = board.Current(reader);
        if (snapshot->position < last || snapshot->published_us != snapshot->position) ++wrong;
        last = snapshot->position;
      }
    });
  }
  for (store::Position i = 2; i <= kPublished; ++i) board.Publish(Numbered(i));
  stop = true;
  for (auto& reader : readers) reader.join();
  CHECK(wrong == 0);
  for (std::size_t reader = 0; reader < kReaders; ++reader) {
    CHECK(board.Current(reader)->position == kPublished);
  }
}

}  // namespace sluice::daemon
