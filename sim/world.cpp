#include "sim/world.h"

namespace sluice::sim {
namespace {

std::string Wants(const RouterFacts& router) {
  if (router.source == policy::ContextSource::kText) return "text";
  return "embeddings of dimension " + std::to_string(router.embedding_dimension);
}

}  // namespace

std::variant<Environment, std::string> MakeEnvironment(const World& world,
                                                       const WorldOptions& options,
                                                       const RouterFacts& router) {
  const bool text = world.prompts == Prompts::kText;
  if (text != (router.source == policy::ContextSource::kText)) {
    return "router \"" + router.name + "\" asks for " + Wants(router) + ", which world \"" +
           world.name + "\" does not send; pass --world " + (text ? "linear" : "tasks");
  }
  if (router.arms.empty()) return "router \"" + router.name + "\" has no arms";
  if (!world.arms.empty() && world.arms.size() != router.arms.size()) {
    return "world \"" + world.name + "\" is of " + std::to_string(world.arms.size()) +
           " arms; router \"" + router.name + "\" has " + std::to_string(router.arms.size());
  }
  return text ? MakeTextWorld(world, options, router) : MakeEmbeddingWorld(world, options, router);
}

}  // namespace sluice::sim
