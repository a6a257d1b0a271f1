// One maker a file. For baseline.cpp, which gives them names, only.
#pragma once

#include <memory>

#include "sim/baselines/baseline.h"

namespace sluice::sim {

using MadeBaseline = std::unique_ptr<Baseline>;

MadeBaseline MakeStaticBest(const BaselineOptions& options);
MadeBaseline MakeNearestNeighbours(const BaselineOptions& options);
MadeBaseline MakeMatrixFactorisation(const BaselineOptions& options);
MadeBaseline MakeBradleyTerry(const BaselineOptions& options);
MadeBaseline MakeMetaLlm(const BaselineOptions& options);
MadeBaseline MakeMixLlm(const BaselineOptions& options);
MadeBaseline MakeThresholds(const BaselineOptions& options);
MadeBaseline MakeConformalGate(const BaselineOptions& options);
MadeBaseline MakeConfidenceCascade(const BaselineOptions& options);
MadeBaseline MakeAgreementCascade(const BaselineOptions& options);

}  // namespace sluice::sim
