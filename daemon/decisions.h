// A decision in its three vocabularies: chosen by policy/, written by store/, answered by api/. The
// answer is made from the record alone, so that a retry is answered from the log as it was the
// first time. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "api/service.h"
#include "daemon/eligibility.h"
#include "daemon/roster.h"
#include "policy/types.h"
#include "store/records.h"

namespace sluice::daemon {

// What else is worth knowing about how a decision was made. On disk (DecisionRecord::notes, bit
// number): append only.
enum class Note : std::uint8_t {
  kExplorationLimited,  // an allowance held exploration below what the mode asks for
  kAlarmCap,            // an arm was reset lately: the alarm's cap was in force
  kNewArmBound,         // an arm was eligible whose share is bounded
  kNoSupport,           // the budget cannot pay for the exploration that the mode asks for
  kNearCeiling,         // 95 % of a ceiling were used up
  kAtCeiling,           // nothing fitted under the ceiling any more
  kSoughtArm,           // an arm was explored before others that a quality floor has to know
};
constexpr std::uint16_t BitOf(Note note) {
  return static_cast<std::uint16_t>(1U << static_cast<unsigned>(note));
}
inline bool HasNote(const store::DecisionRecord& record, Note note) {
  return (record.notes & BitOf(note)) != 0;
}

// A posterior that knows nothing finite about any eligible arm is a broken invariant: the router's
// fallback arm answers then, when it is eligible, and the record's reason says so.
void FallBackIfUnknown(const RouterDefinition& definition, policy::ArmSet eligible,
                       policy::Decision& decision);

// What the policy chose and why. The id, time, sequence, version, weights and what the request said
// are the caller's to fill in.
store::DecisionRecord RecordOf(const RouterDefinition& definition, const policy::Decision& decision,
                               const Eligible& eligible);

// Turns the record of what the policy drew into that of the caller's baseline, which is answered.
void Observe(const RouterDefinition& definition, policy::ArmId baseline,
             store::DecisionRecord& record);

api::RouteAnswer AnswerOf(const RouterDefinition& definition, const store::DecisionRecord& record,
                          bool explain);

api::Explanation ExplanationOf(const RouterDefinition& definition,
                               const store::DecisionRecord& record);

// The share of the arm that was chosen, as a fraction of 1.
double PropensityOf(const store::DecisionRecord& record);

std::vector<api::Narrowing> NarrowingsOf(const store::DecisionRecord& record);

}  // namespace sluice::daemon
