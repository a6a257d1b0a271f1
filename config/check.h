// What the rules between fields share. Private to config/.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/findings.h"
#include "config/format.h"

namespace sluice::config {

// The second and later owners of a name are refused, with the line of the first.
template <typename Owner>
void CheckUnique(const std::vector<Owner>& owners, const std::string& path, Findings& findings) {
  std::map<std::string, std::size_t> first;
  for (std::size_t i = 0; i < owners.size(); ++i) {
    const std::string field = Indexed(path, i) + ".name";
    if (!findings.Sound(field)) continue;
    const auto [known, is_new] = first.emplace(owners[i].name, i);
    if (is_new) continue;
    const std::string other = Indexed(path, known->second);
    findings.Add(field, Quote(owners[i].name) + " is taken by " + other + " (line " +
                            std::to_string(findings.LineOf(other + ".name")) +
                            "): names must differ");
  }
}

// Numbers of a context before features and bias, without a map. [check_router.cpp]
std::size_t RawDimension(const policy::ContextOptions& context);

// The rules within one router, which stands at `path`. [check_router.cpp]
void CheckRouter(const RouterOptions& router, const std::string& path, Findings& findings);
// Those about its arms. [check_arms.cpp]
void CheckArms(const RouterOptions& router, const std::string& path, Findings& findings);
// Those about what was made offline, rules included. [check_fitted.cpp]
void CheckFitted(const RouterOptions& router, const std::string& path, Findings& findings);

// The field, unless it is not set, names an arm of the router. [check_arms.cpp]
void CheckArmName(const RouterOptions& router, const std::string& name, const std::string& field,
                  Findings& findings);

}  // namespace sluice::config
