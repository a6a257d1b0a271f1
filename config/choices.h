// Names of choices, by the enum's value. Private to config/.
#pragma once

#include <string_view>

namespace sluice::config {

inline constexpr std::string_view kPolicyNames[] = {"linucb",  "thompson", "epsilon_greedy",
                                                    "uniform", "fixed",    "squarecb",
                                                    "rules",   "logistic", "clusters"};
inline constexpr std::string_view kSourceNames[] = {"text", "embedding"};
inline constexpr std::string_view kProjectionNames[] = {"fitted", "none", "as_given"};
inline constexpr std::string_view kObjectiveNames[] = {"cost_weight", "budget", "cheapest_above"};
inline constexpr std::string_view kCeilingNames[] = {"go_on", "cheapest", "refuse"};
inline constexpr std::string_view kStateNames[] = {"active", "paused", "draining"};
inline constexpr std::string_view kOwnerNames[] = {"file", "admin"};

// What ArmOptions::start says besides the name of an arm, so no arm is called this.
inline constexpr std::string_view kStartNames[] = {"others", "prior"};

}  // namespace sluice::config
