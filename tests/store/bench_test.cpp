// How fast the store is on this machine. Hidden, because figures are no promises:
// test_store "[bench]" prints them.

#include <atomic>
#include <cstdio>
#include <semaphore>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/support/store_calls.h"
#include "tests/support/store_samples.h"
#include "tests/support/temporary_directory.h"

namespace sluice::store {
namespace {

using namespace tests;
using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class Bench {
 public:
  Bench() {
    StoreOptions options;
    options.directory = directory_.File("data");
    store_ = Must(OpenStore(options));
  }

  Store& store() { return *store_; }

  // Keeps that many outcomes in flight for two seconds, each a call of its own.
  void Outcomes(int in_flight) {
    const std::uint64_t first = next_;
    for (int i = 0; i < 20000; ++i) store_->AppendDecision(SampleDecision(next_++, 65));
    Settle(*store_);
    std::counting_semaphore<> free(in_flight);
    std::atomic<std::uint64_t> acknowledged = 0;
    std::vector<double> latencies_ms;
    std::uint64_t sent = 0;
    const auto start = Clock::now();
    while (SecondsSince(start) < 2) {
      free.acquire();
      const auto sent_at = Clock::now();
      const std::uint64_t decision = first + sent++ % 20000;
      (void)store_->AppendOutcomes({SampleOutcome(decision, std::to_string(next_event_++))},
                                   [&, sent_at](std::vector<Appended> results) {
                                     if (results[0] == Appended::kAccepted) ++acknowledged;
                                     latencies_ms.push_back(SecondsSince(sent_at) * 1e3);
                                     free.release();
                                   });
    }
    Settle(*store_);
    std::sort(latencies_ms.begin(), latencies_ms.end());
    std::printf("outcomes, %4d in flight: %8.0f a second, p50 %6.2f ms, p99 %6.2f ms\n", in_flight,
                static_cast<double>(acknowledged) / SecondsSince(start),
                latencies_ms[latencies_ms.size() / 2],
                latencies_ms[latencies_ms.size() * 99 / 100]);
  }

  // As many decisions as the committer can write.
  void Decisions(std::size_t dimension) {
    const DecisionRecord sample = SampleDecision(1, dimension);
    const auto start = Clock::now();
    std::uint64_t taken = 0;
    while (SecondsSince(start) < 2) {
      DecisionRecord record = sample;
      record.id = SampleId(next_);
      if (store_->AppendDecision(std::move(record))) {
        ++taken;
        ++next_;
      } else {
        std::this_thread::yield();
      }
    }
    Settle(*store_);
    std::printf("decisions of %4zu floats: %8.0f a second\n", dimension,
                static_cast<double>(taken) / SecondsSince(start));
  }

  // What a request thread pays. `pause` lets the committer fall asleep in between.
  void AppendCost(std::chrono::microseconds pause) {
    std::vector<double> costs_ns;
    for (int i = 0; i < 5000; ++i) {
      DecisionRecord record = SampleDecision(next_++, 65);
      if (pause.count() > 0) std::this_thread::sleep_for(pause);
      const auto start = Clock::now();
      store_->AppendDecision(std::move(record));
      costs_ns.push_back(SecondsSince(start) * 1e9);
    }
    Settle(*store_);
    std::sort(costs_ns.begin(), costs_ns.end());
    std::printf("AppendDecision, %4ld us apart: p50 %5.0f ns, p90 %5.0f ns, p99 %6.0f ns\n",
                static_cast<long>(pause.count()), costs_ns[2500], costs_ns[4500], costs_ns[4950]);
  }

 private:
  TemporaryDirectory directory_;
  std::unique_ptr<Store> store_;
  std::uint64_t next_ = 1;
  std::uint64_t next_event_ = 1;
};

TEST_CASE("figures of the store", "[.bench]") {
  Bench bench;
  for (const int in_flight : {1, 64, 256, 1024}) bench.Outcomes(in_flight);
  for (const std::size_t dimension : {65, 1025}) bench.Decisions(dimension);
  for (const int pause : {0, 20, 200, 2000}) bench.AppendCost(std::chrono::microseconds(pause));
  CHECK(bench.store().health().faults == 0);
}

// A usual one: three arms, the default context, and what a later map needs.
DecisionRecord UsualDecision() {
  DecisionRecord record = SampleDecision(1, 26);
  record.shares.push_back({2, 1u << 30, 0.3f, 0.1f, 0.02f, 900, 0.4f});
  record.features.assign(600, 'f');
  record.plan = "free";
  record.request_id = "request-0123456789";
  return record;
}

void PrintFigures(const char* name, const Record& record) {
  constexpr int kTimes = 100000;
  const std::string bytes = EncodeRecord(record);
  std::size_t sum = 0;
  auto start = Clock::now();
  for (int i = 0; i < kTimes; ++i) sum += EncodeRecord(record).size();
  const double encode = SecondsSince(start);
  start = Clock::now();
  for (int i = 0; i < kTimes; ++i) sum += DecodeRecord(bytes).ok();
  const double decode = SecondsSince(start);
  CHECK(sum == kTimes * (bytes.size() + 1));
  std::printf("%-25s %5zu bytes: encode %5.0f ns, decode %5.0f ns\n", name, bytes.size(),
              encode / kTimes * 1e9, decode / kTimes * 1e9);
}

TEST_CASE("figures of the records", "[.bench]") {
  PrintFigures("a usual decision", UsualDecision());
  PrintFigures("a decision of 65 floats", SampleDecision(1, 65));
  PrintFigures("a decision of 1025 floats", SampleDecision(1, 1025));
  PrintFigures("an outcome", SampleOutcome(1, "0192f0c1-aaaa-7bbb-8ccc-0123456789ab"));
}

}  // namespace
}  // namespace sluice::store
