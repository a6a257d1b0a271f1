#include "sim/timeline.h"

#include <algorithm>

namespace sluice::sim {
namespace {

bool IsOf(const WorldEvent& event, std::size_t arm) {
  return !event.arm || *event.arm == arm;
}

bool Lasts(const WorldEvent& event, std::size_t request) {
  return request >= event.at && request < event.until;
}

}  // namespace

Timeline::Timeline(const World& world, std::size_t requests) : events_(world.events) {
  for (WorldEvent& event : events_) {
    event.at = event.at * requests / world.requests;
    if (event.until != kEver) event.until = event.until * requests / world.requests;
  }
}

ArmTruth Timeline::TruthOf(std::size_t arm, std::size_t request) const {
  ArmTruth truth;
  for (const WorldEvent& event : events_) {
    if (!IsOf(event, arm)) continue;
    const bool lasts = Lasts(event, request);
    if (event.kind == EventKind::kFail && lasts) truth.lost += event.by;
    if (event.kind == EventKind::kPrice && lasts) truth.price_factor *= event.factor;
    if (event.kind == EventKind::kJoin && !lasts) truth.offered = false;
  }
  return truth;
}

double Timeline::Turned(const WorldEvent& drift, std::size_t arm, std::size_t request) const {
  if (!IsOf(drift, arm) || request < drift.at) return 0;
  if (request >= drift.until) return 1;
  return static_cast<double>(request - drift.at) / static_cast<double>(drift.until - drift.at);
}

config::RouterOptions Timeline::RouterAt(config::RouterOptions router, std::size_t request) const {
  std::vector<config::ArmOptions> arms;
  for (std::size_t a = 0; a < router.arms.size(); ++a) {
    if (!TruthOf(a, request).offered) continue;
    config::ArmOptions arm = router.arms[a];
    for (const WorldEvent& event : events_) {
      if (event.kind != EventKind::kPrice || !event.announced) continue;
      if (!IsOf(event, a) || !Lasts(event, request)) continue;
      arm.price_input_per_million_usd *= event.factor;
      arm.price_output_per_million_usd *= event.factor;
    }
    arms.push_back(std::move(arm));
  }
  router.arms = std::move(arms);
  return router;
}

bool Timeline::RouterChanges(std::size_t request) const {
  return std::ranges::any_of(events_, [request](const WorldEvent& event) {
    const bool told =
        event.kind == EventKind::kJoin || (event.kind == EventKind::kPrice && event.announced);
    return told && (event.at == request || event.until == request);
  });
}

bool Timeline::Happens(EventKind kind, std::size_t request) const {
  return std::ranges::any_of(events_, [kind, request](const WorldEvent& event) {
    return event.kind == kind && event.at == request;
  });
}

std::size_t Timeline::SaidAfter(std::size_t request) const {
  std::size_t last = request;
  for (const WorldEvent& event : events_) {
    if (event.kind == EventKind::kBurst && Lasts(event, request)) {
      last = std::max(last, event.until - 1);
    }
  }
  return last;
}

}  // namespace sluice::sim
