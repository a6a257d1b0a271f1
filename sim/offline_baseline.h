// Routers of the literature (baselines/) where every outcome of one half is known: those that
// predict the quality of arms, in the product's own contexts.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/encoded_texts.h"
#include "sim/offline.h"

namespace sluice::sim {

std::vector<std::string> OfflineBaselineNames();
// The memory outlives the learner. Null: there is none of this name, or it predicts no quality.
std::unique_ptr<const OfflineLearner> MakeOfflineBaseline(std::string_view name,
                                                          const EncodedTexts& memory);

}  // namespace sluice::sim
