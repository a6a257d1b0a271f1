#include "daemon/ids.h"

#include <set>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

namespace sluice::daemon {

TEST_CASE("ids strictly increase while the clock stands still or falls back") {
  IdSource ids(1, 42);
  store::DecisionId last = ids.Next(5'000'000);
  for (const std::uint64_t now_us :
       {5'000'000ULL, 4'000'000ULL, 1ULL, 5'000'001ULL, 6'000'000ULL}) {
    for (int i = 0; i < 5000; ++i) {
      const store::DecisionId next = ids.Next(now_us);
      REQUIRE(last < next);
      last = next;
    }
  }
}

TEST_CASE("an id carries its node and the layout of a UUIDv7") {
  IdSource ids(0xBEEF, 42);
  const store::DecisionId id = ids.Next(1'700'000'000'123'456);
  CHECK(NodeOf(id) == 0xBEEF);
  CHECK((id.bytes[6] >> 4) == 7);
  CHECK((id.bytes[8] >> 6) == 2);
  std::uint64_t milliseconds = 0;
  for (int i = 0; i < 6; ++i) milliseconds = milliseconds << 8 | id.bytes[i];
  CHECK(milliseconds == 1'700'000'000'123);
}

TEST_CASE("an id survives being printed and read") {
  IdSource ids(3, 42);
  const store::DecisionId id = ids.Next(1'700'000'000'123'456);
  const std::string text = FormatId(id);
  CHECK(text.size() == 36);
  CHECK(ParseId(text) == id);
}

TEST_CASE("text that is no id is refused") {
  const std::string good = "018bcfe5-687b-7000-8001-0123456789ab";
  REQUIRE(ParseId(good));
  for (std::string bad : {std::string(), good.substr(1), good + "0",
                          "018bcfe5_687b-7000-8001-0123456789ab" + std::string(),
                          std::string("018bcfe5-687b-7000-8001-0123456789ag"), std::string(36, '-'),
                          std::string(36, '0')}) {
    CAPTURE(bad);
    CHECK_FALSE(ParseId(bad));
  }
}

TEST_CASE("ids go on above those that the log holds") {
  IdSource before(1, 42);
  const store::DecisionId newest = before.Next(9'000'000'000);
  IdSource after(1, 43);
  after.RaiseTo(newest);
  CHECK(newest < after.Next(8'000'000'000));
}

TEST_CASE("of a session the log keeps a number that only its directory can make again") {
  const std::uint64_t key = SessionKey("chat-1", 7);
  CHECK(key == 0xF89A5AD0925BA16E);  // on disk: it never changes
  CHECK(SessionKey("chat-1", 7) == key);
  CHECK(SessionKey("chat-2", 7) != key);
  CHECK(SessionKey("chat-1", 8) != key);
  CHECK(SessionKey("", 7) == 0);
  CHECK(FormatSession(key) == "f89a5ad0925ba16e");
  CHECK(FormatSession(0x2A) == "000000000000002a");
  CHECK(FormatSession(0).empty());
}

TEST_CASE("threads never get the same id") {
  IdSource ids(1, 42);
  constexpr int kEach = 20000;
  std::vector<std::vector<store::DecisionId>> made(4);
  std::vector<std::thread> threads;
  for (auto& mine : made) {
    threads.emplace_back([&ids, &mine] {
      for (int i = 0; i < kEach; ++i) mine.push_back(ids.Next(1000));
    });
  }
  for (auto& thread : threads) thread.join();
  std::set<store::DecisionId> distinct;
  for (const auto& mine : made) distinct.insert(mine.begin(), mine.end());
  CHECK(distinct.size() == made.size() * kEach);
}

}  // namespace sluice::daemon
