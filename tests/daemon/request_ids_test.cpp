#include "daemon/request_ids.h"

#include <catch2/catch.hpp>

namespace sluice::daemon {

namespace {

api::RouteAnswer Answer(const std::string& decision_id) {
  api::RouteAnswer answer;
  answer.decision_id = decision_id;
  return answer;
}

// Asks with an id; `decided` counts how often a decision was made for it.
api::RouteReply Ask(RequestIds& ids, const std::string& id, std::uint64_t digest,
                    std::uint64_t now_us, int& decided) {
  return ids.FindOrDecide({id, digest, now_us}, [&]() -> api::RouteReply {
    ++decided;
    return Answer(id + "-" + std::to_string(decided));
  });
}

}  // namespace

TEST_CASE("a retry gets the same decision") {
  RequestIds ids;
  int decided = 0;
  const auto first = Ask(ids, "a", 1, 1000, decided);
  CHECK(Ask(ids, "a", 1, 2000, decided) == first);
  CHECK(decided == 1);
  CHECK(ids.DecisionOf("a", 2000) == "a-1");
}

TEST_CASE("the same id with another body is a conflict") {
  RequestIds ids;
  int decided = 0;
  Ask(ids, "a", 1, 1000, decided);
  const auto clash = Ask(ids, "a", 2, 1000, decided);
  CHECK(std::get<api::Problem>(clash).status == 409);
  CHECK(decided == 1);
}

TEST_CASE("an id is forgotten after ten minutes") {
  RequestIds ids;
  int decided = 0;
  Ask(ids, "a", 1, 1000, decided);
  CHECK(ids.DecisionOf("a", 1000 + RequestIds::kRememberedUs));
  CHECK_FALSE(ids.DecisionOf("a", 1001 + RequestIds::kRememberedUs));
  Ask(ids, "a", 2, 1001 + RequestIds::kRememberedUs, decided);
  CHECK(decided == 2);
}

TEST_CASE("no more than the bound is remembered and the oldest goes first") {
  RequestIds ids;
  int decided = 0;
  constexpr int kAsked = 150000;
  for (int i = 0; i < kAsked; ++i) Ask(ids, "id" + std::to_string(i), 1, 1000, decided);
  std::size_t known = 0;
  for (int i = 0; i < kAsked; ++i) known += ids.DecisionOf("id" + std::to_string(i), 1000) ? 1 : 0;
  CHECK(known <= RequestIds::kRememberedMax);
  CHECK(known > RequestIds::kRememberedMax * 9 / 10);
  CHECK_FALSE(ids.DecisionOf("id0", 1000));
  CHECK(ids.DecisionOf("id" + std::to_string(kAsked - 1), 1000));
}

TEST_CASE("a refused request is not remembered") {
  RequestIds ids;
  int decided = 0;
  const auto refuse = [&]() -> api::RouteReply {
    ++decided;
    return api::Problem{};
  };
  const std::string id = "a";
  ids.FindOrDecide({id, 1, 1000}, refuse);
  ids.FindOrDecide({id, 2, 1000}, refuse);
  CHECK(decided == 2);
}

}  // namespace sluice::daemon
