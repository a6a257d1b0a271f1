// What a notebook gets of a log, and the times it asks by.
#include <catch2/catch.hpp>

#include "sim/report_export.h"
#include "sim/times.h"
#include "tests/support/process_in_memory.h"

namespace sluice::sim {

TEST_CASE("times are read and written as RFC 3339 has them") {
  CHECK(ParseTime("1970-01-01T00:00:00Z") == 0);
  CHECK(ParseTime("2026-01-31T12:00:00Z") == 1'769'860'800'000'000);
  CHECK(ParseTime("2026-01-31T12:00:00.25Z") == 1'769'860'800'250'000);
  CHECK(ParseTime("2026-01-31T13:30:00+01:30") == 1'769'860'800'000'000);
  CHECK(ParseTime("2026-01-31") == ParseTime("2026-01-31T00:00:00Z"));
  CHECK(ParseTime("2024-02-29").has_value());
  CHECK(PrintTime(1'769'860'800'250'000) == "2026-01-31T12:00:00.250000Z");
  CHECK(ParseTime(PrintTime(1'769'860'800'250'001)) == 1'769'860'800'250'001);
  for (const char* wrong :
       {"", "2026", "2026-13-01", "2025-02-29", "2026-01-31T12:00:00", "2026-01-31T24:00:00Z",
        "2026-01-31T12:00:00.Z", "2026-01-31T12:00:00Zx", "1969-12-31", "yesterday"}) {
    CAPTURE(wrong);
    CHECK_FALSE(ParseTime(wrong).has_value());
  }
}

TEST_CASE("a line of the export has the decision and what was said about it") {
  tests::ProcessInMemory process;
  const auto answer = process.RouteText("what is the capital of France");
  process.Reward(answer.decision_id, .75, .002);
  REQUIRE(process.learner().Step().ok());
  const auto routers = std::get<0>(ReadRouters(process.store()));
  const auto entries = process.store().Read(0, 100);
  std::string line;
  for (const auto& entry : *entries) {
    const auto* decision = std::get_if<store::DecisionRecord>(&entry.record);
    if (decision == nullptr) continue;
    line = ExportLine(routers.front(), **process.store().FindDecision(decision->id));
  }
  CHECK(line.find('\n') == std::string::npos);
  for (const std::string& part :
       {"\"id\":\"" + answer.decision_id + "\"", "\"arm\":\"" + answer.arm + "\"",
        std::string("\"time\":\"2023-11-14T22:13:20.001000Z\""), std::string("\"reward\":0.75"),
        std::string("\"cost_usd\":0.002"), std::string("\"router\":\"default\""),
        std::string("\"eligible\":[\"economy\",\"standard\",\"premium\"]"),
        std::string("\"propensities\":{\"economy\":"), std::string("\"means\":{\"economy\":"),
        std::string("\"cost_weight\":40.0"), std::string("\"session\":null"),
        std::string("\"context\":["), std::string("\"signals\":{\"reward\":0.75")}) {
    CAPTURE(part, line);
    CHECK(line.find(part) != std::string::npos);
  }
}

}  // namespace sluice::sim
