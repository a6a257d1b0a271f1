// Worlds as TOML. One file is one experiment: the world's own keys (in world.h's words), and the
// routers that play it in the product's own configuration syntax, [[router]]. As strict as a
// configuration: every problem is reported, with its line, and an unknown key is one.
//
//   description = "One sentence."
//   requests = 6000               # for each router; events are of so many
//   prompts = "text"              # or "embedding"
//   [reward]                      # embedding: reach, curvature, clusters, spread
//   [[arm]]                       # name, level (embedding); none: those of the first router
//   [[event]]                     # kind, at, and what the kind takes
//   [feedback]                    # delay, delay_kind, censored, complaints, praise
//   [[feedback.source]]           # name, share, rule, arm (favour)
//   [[router]]                    # none: the defaults play it
//
// The files of sim/worlds/ are part of the program.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.h"
#include "sim/world.h"

namespace sluice::sim {

// `file` names the text in problems, and without folder and extension the world.
config::Checked<World> ParseWorld(std::string_view toml, const std::string& file);

// A file of sim/worlds/ by its name, or any by its path, which has a slash or ends in ".toml".
config::Checked<World> LoadWorld(const std::string& name);
std::vector<std::string> WorldNames();  // of sim/worlds/, sorted

// The world that suits what the router asks for: one in which nothing happens.
std::string_view DefaultWorld(const RouterFacts& router);
// Loads and makes; the alternative is a sentence, or several.
std::variant<Environment, std::string> MakeWorld(const WorldOptions& options,
                                                 const RouterFacts& router);

}  // namespace sluice::sim
