// A decision in its three vocabularies: chosen by policy/, written by store/, answered by api/. The
// answer is made from the record alone, so that a retry is answered from the log as it was the
// first time. Pure; any thread.
#pragma once

#include <vector>

#include "api/service.h"
#include "daemon/eligibility.h"
#include "daemon/roster.h"
#include "policy/reward.h"
#include "policy/types.h"
#include "store/records.h"

namespace sluice::daemon {

// A posterior that knows nothing finite about any eligible arm is a broken invariant: the router's
// fallback arm answers then, when it is eligible, and the record's reason says so.
void FallBackIfUnknown(const RouterDefinition& definition, policy::ArmSet eligible,
                       policy::Decision& decision);

// What the policy chose and why. The id, time, sequence, version and what the request said are the
// caller's to fill in.
store::DecisionRecord RecordOf(const RouterDefinition& definition, const policy::Decision& decision,
                               const Eligible& eligible);

api::RouteAnswer AnswerOf(const RouterDefinition& definition, const store::DecisionRecord& record,
                          bool explain);

// The eligible arms of a record, by id.
std::vector<api::ArmExplanation> ExplanationOf(const RouterDefinition& definition,
                                               const store::DecisionRecord& record);

// The share of the arm that was chosen, as a fraction of 1.
double PropensityOf(const store::DecisionRecord& record);

std::vector<api::Narrowing> NarrowingsOf(const store::DecisionRecord& record);

// The raw signals of an outcome, as policy/ weighs them.
policy::Signals SignalsOf(const store::OutcomeRecord& outcome);

}  // namespace sluice::daemon
