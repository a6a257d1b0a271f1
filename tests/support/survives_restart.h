// What is folded is a consequence of the log, however it was come by.
#pragma once

#include <catch2/catch.hpp>

#include "tests/support/event_log.h"
#include "tests/support/process_in_memory.h"

namespace sluice::tests {

// Replay from nothing, and a restart from a checkpoint of now, give what there is.
inline void SurvivesRestart(ProcessInMemory& process) {
  REQUIRE(process.learner().Step().ok());
  CHECK((FoldedFromNothing(process.store()) == process.learner().State()));
  REQUIRE(process.learner().SaveCheckpoint().ok());
  LearnerOver again(process.store());
  REQUIRE(again.ok);
  CHECK(again.SetAsideNothing());
  CHECK((again->State() == process.learner().State()));
}

}  // namespace sluice::tests
