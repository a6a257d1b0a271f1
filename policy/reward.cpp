#include "policy/reward.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>
#include <vector>

namespace sluice::policy {
namespace {

constexpr double kExplicitWeight = 1;
constexpr double kImpliedWeight = 0.3;

// Tokens of one direction: the part (cached input, reasoning output) is counted in the whole by
// those who report both, and stands for it when it alone is known.
std::optional<std::uint32_t> TokensOf(std::optional<std::uint32_t> whole,
                                      std::optional<std::uint32_t> part) {
  if (whole && part) {
    return std::max(*whole, *part);
  }
  return whole ? whole : part;
}

// Within a source, and between sources where only one signal can hold.
auto OrderOf(const Report& report) {
  return std::tie(report.seq, report.time_us, report.event_id);
}

using Survivors = std::vector<const Report*>;

// The reports (defaults, or all others) that no later one of their source revokes; by source, the
// latest first.
Survivors SurvivorsOf(std::span<const Report> reports, bool stands_in) {
  Survivors all;
  for (const Report& report : reports) {
    if (report.stands_in == stands_in) {
      all.push_back(&report);
    }
  }
  std::sort(all.begin(), all.end(), [](const Report* a, const Report* b) {
    return a->source != b->source ? a->source < b->source : OrderOf(*a) > OrderOf(*b);
  });
  Survivors survivors;
  const Report* revocation = nullptr;
  for (const Report* report : all) {
    if (report->revoked) {
      revocation = report;
    }
    if (revocation == nullptr || revocation->source != report->source) {
      survivors.push_back(report);
    }
  }
  return survivors;
}

// What one signal says of quality. A weight of 0: nothing, though it replaces what was said.
struct Vote {
  double value = 0;
  double weight = kExplicitWeight;
};

using VoteOf = std::optional<Vote> (*)(const Signals&);

constexpr std::array<VoteOf, 5> kVotes{
    [](const Signals& s) -> std::optional<Vote> {
      return s.reward ? std::optional(Vote{*s.reward}) : std::nullopt;
    },
    [](const Signals& s) -> std::optional<Vote> {
      if (!s.thumb) {
        return std::nullopt;
      }
      return Vote{*s.thumb > 0 ? 1.0 : 0.0, *s.thumb == 0 ? 0 : kExplicitWeight};
    },
    [](const Signals& s) -> std::optional<Vote> {
      return s.score ? std::optional(Vote{*s.score}) : std::nullopt;
    },
    [](const Signals& s) -> std::optional<Vote> {
      return s.task_success ? std::optional(Vote{*s.task_success ? 1.0 : 0.0}) : std::nullopt;
    },
    [](const Signals& s) -> std::optional<Vote> {
      return s.regenerated ? std::optional(Vote{0, *s.regenerated ? kImpliedWeight : 0})
                           : std::nullopt;
    },
};

struct Tally {
  double sum = 0;
  double weight = 0;
  bool said = false;  // something about quality, even by a source that nobody trusts
};

// Of each source and signal the latest vote. Added in the order of signals and sources, so that the
// same set of reports gives the same bits.
Tally Count(const Survivors& survivors) {
  Tally tally;
  for (VoteOf vote_of : kVotes) {
    const Report* counted = nullptr;
    for (const Report* report : survivors) {
      const std::optional<Vote> vote = vote_of(report->signals);
      if (!vote || (counted != nullptr && counted->source == report->source)) {
        continue;
      }
      counted = report;
      const double weight = report->source_weight * vote->weight;
      tally.sum += weight * vote->value;
      tally.weight += weight;
      tally.said = tally.said || vote->weight > 0;
    }
  }
  return tally;
}

// Keeps the first that is said.
template <typename T>
void Take(std::optional<T>& fact, const std::optional<T>& said) {
  if (!fact) {
    fact = said;
  }
}

void FillFacts(Survivors survivors, Verdict& verdict) {
  std::sort(survivors.begin(), survivors.end(), [](const Report* a, const Report* b) {
    return OrderOf(*a) != OrderOf(*b) ? OrderOf(*a) > OrderOf(*b) : a->source < b->source;
  });
  for (const Report* report : survivors) {
    const Signals& signals = report->signals;
    Take(verdict.served, report->served);
    Take(verdict.facts.cost_usd, signals.cost_usd);
    Take(verdict.facts.latency_ms, signals.latency_ms);
    Take(verdict.facts.input_tokens, signals.input_tokens);
    Take(verdict.facts.cached_input_tokens, signals.cached_input_tokens);
    Take(verdict.facts.output_tokens, signals.output_tokens);
    Take(verdict.facts.reasoning_tokens, signals.reasoning_tokens);
  }
}

}  // namespace

Verdict Judge(std::span<const Report> reports) {
  const Survivors said = SurvivorsOf(reports, false);
  Tally tally = Count(said);
  if (!tally.said) {
    tally = Count(SurvivorsOf(reports, true));
  }
  Verdict verdict;
  if (tally.weight > 0) {
    verdict.quality = Quality{.value = std::min(1.0, tally.sum / tally.weight),
                              .weight = std::min(1.0, tally.weight)};
  }
  FillFacts(said, verdict);
  return verdict;
}

std::optional<double> CostUsdOf(const Signals& signals, const TokenPrices& prices) {
  std::optional<double> cost = signals.cost_usd;
  const auto input = TokensOf(signals.input_tokens, signals.cached_input_tokens);
  const auto output = TokensOf(signals.output_tokens, signals.reasoning_tokens);
  if (!cost && input && output) {
    cost = (*input * prices.input_usd_per_million + *output * prices.output_usd_per_million) * 1e-6;
  }
  if (!cost || !std::isfinite(*cost) || *cost < 0) {
    return std::nullopt;
  }
  return cost;
}

}  // namespace sluice::policy
