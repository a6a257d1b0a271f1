// The files of sim/worlds/, as they are at build time. Their definition is generated.
#pragma once

#include <span>
#include <string_view>

namespace sluice::sim {

struct WorldText {
  std::string_view name;
  std::string_view toml;
};
std::span<const WorldText> WorldTexts();

}  // namespace sluice::sim
