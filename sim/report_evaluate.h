// An evaluation as text and as JSON. Pure functions.
#pragma once

#include <string>

#include "sim/evaluate.h"

namespace sluice::sim {

// What was done, the table, what it rests on, and the verdict.
std::string RenderEvaluation(const Evaluation& evaluation);
// One sentence: whether the policy would have been better, and how sure that is; or why it cannot
// be said.
std::string RenderVerdict(const Evaluation& evaluation);
std::string EvaluationJson(const Evaluation& evaluation);

// Why an evaluation is not to be believed, in words.
std::string RenderRefusal(policy::OpeRefusal refusal, const policy::OpeDiagnostics& diagnostics);

}  // namespace sluice::sim
