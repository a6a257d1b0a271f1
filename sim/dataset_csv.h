// Data sets in the comma-separated layouts of others, which are told apart by their header:
//
//   RouterBench (arXiv 2403.12031)  prompt, a score in [0, 1] under each model's name, and its cost
//                                   in USD under "MODEL|total_cost"; sample_id, eval_name,
//                                   "MODEL|model_response", oracle_model_to_route_to, whatever
//                                   else: passed over. A prompt that is a list as Python writes it
//                                   is its texts, a line each.
//   RouteLLM (arXiv 2406.18665)     prompt, and True or False under each model's name; GSM8K's has
//                                   the answers under "MODEL_response", MMLU's prompts end in
//                                   "\nAnswer:", which is left out.
//
// RouteLLM tells no costs. They are list prices times tokens, a token being four characters begun:
// those of the prompt, and those of the answer or, where there is none, 100 (kAnswerTokens).
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "config/config.h"
#include "sim/dataset.h"

namespace sluice::sim {

inline constexpr double kAnswerTokens = 100;

// `prices` come before those that are known by heart (RouteLLM's two models). The environment's
// `layout` says what was taken, and which prices.
config::Checked<Environment> ReadCsvDataset(std::istream& in, const std::string& name,
                                            const std::vector<ListPrice>& prices);

}  // namespace sluice::sim
