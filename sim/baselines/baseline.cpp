#include "sim/baselines/baseline.h"

#include <algorithm>
#include <array>

#include "sim/baselines/makers.h"

namespace sluice::sim {
namespace {

struct Known {
  BaselineFacts facts;
  MadeBaseline (*make)(const BaselineOptions& options);
};

constexpr std::array kKnown = {
    Known{{"static", "the arm with the best mean so far; mixes two arms at a budget"},
          MakeStaticBest},
    Known{{"knn", "mean reward of the nearest prompts (arXiv 2505.12601)"}, MakeNearestNeighbours},
    Known{{"mf", "matrix factorisation on preferences (RouteLLM, 2406.18665)"},
          MakeMatrixFactorisation},
    Known{{"bt", "Bradley-Terry strengths per cluster of prompts (P2L's idea, 2502.14855)"},
          MakeBradleyTerry},
    Known{{"metallm", "LinUCB with a plain Lagrangian (MetaLLM's idea, 2407.10834)"}, MakeMetaLlm},
    Known{{"mixllm", "policy gradient with a meta-decision (MixLLM's idea, 2502.18482)"},
          MakeMixLlm},
    Known{{"thresholds", "difficulty .3/.7 over three tiers (BEST-Route's simplest form)"},
          MakeThresholds},
    Known{{"conformal", "the cheapest arm whose conformal bound is high (CP-Router's idea)"},
          MakeConformalGate},
    Known{{"cascade", "goes on until an answer is confident (FrugalGPT, AutoMix)", true},
          MakeConfidenceCascade},
    Known{{"abc", "goes on until two answers agree (ABC's idea)", true}, MakeAgreementCascade},
};

constexpr auto kFacts = [] {
  std::array<BaselineFacts, kKnown.size()> facts;
  for (std::size_t i = 0; i < facts.size(); ++i) facts[i] = kKnown[i].facts;
  return facts;
}();

}  // namespace

std::span<const BaselineFacts> Baselines() {
  return kFacts;
}

const BaselineFacts* FindBaseline(std::string_view name) {
  const auto found = std::ranges::find(kFacts, name, &BaselineFacts::name);
  return found == kFacts.end() ? nullptr : &*found;
}

std::unique_ptr<Baseline> MakeBaseline(std::string_view name, const BaselineOptions& options) {
  const auto found =
      std::ranges::find(kKnown, name, [](const Known& known) { return known.facts.name; });
  return found == kKnown.end() ? nullptr : found->make(options);
}

}  // namespace sluice::sim
