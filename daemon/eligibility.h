// Step 4 of a routing request: everything that narrows the arms, before the policy sees them.
// Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <variant>

#include "api/service.h"
#include "daemon/snapshot.h"
#include "policy/types.h"

namespace sluice::daemon {

// What each arm of the roster costs for one request.
using Terms = std::array<policy::ArmTerms, policy::kArmsMax>;

// List prices, with the bounds that the request's declared tokens give.
Terms TermsOf(const RouterDefinition& definition, const api::RouteRequest& request);

struct Eligible {
  policy::ArmSet arms;            // not empty
  std::uint16_t narrowed_by = 0;  // bit i: api::Narrowing i removed an arm
  std::uint16_t notes = 0;        // bit i: Note i (decisions.h)
  bool overridden = false;        // the caller decided; `arms` is that arm
};

// One request on its way through the rules.
struct Narrowed {
  const RouterView& router;
  const api::RouteRequest& request;
  const policy::Context& context;
  const Terms& terms;
  std::size_t scope = 0;  // of the definition's
  std::uint64_t now_us = 0;
  std::optional<policy::ArmId> baseline;  // observe mode: who will answer
};

// 404 for an arm that the router does not have, 422 when nothing is left, 429 at a ceiling that
// refuses.
std::variant<Eligible, api::Problem> Narrow(const Narrowed& narrowed);

// The most that the arm may cost: by the tokens that the request declares, else what it stays under
// with probability .99.
double WorstCostUsd(const Narrowed& narrowed, policy::ArmId arm);

constexpr std::uint16_t BitOf(api::Narrowing narrowing) {
  return static_cast<std::uint16_t>(1U << static_cast<unsigned>(narrowing));
}

}  // namespace sluice::daemon
