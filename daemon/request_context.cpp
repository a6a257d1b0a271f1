#include "daemon/request_context.h"

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "daemon/refusal.h"

namespace sluice::daemon {

namespace {

using api::Problem;
using api::RouteRequest;

// Raw values of the declared features, or which one was not declared.
std::variant<std::vector<double>, Problem> FeaturesOf(const RouterDefinition& definition,
                                                      const RouteRequest& request) {
  const auto& declared = definition.options.context.features;
  std::vector<double> values;
  values.reserve(declared.size());
  for (const auto& feature : declared) values.push_back(feature.absent);
  for (const auto& [name, value] : request.features) {
    std::size_t i = 0;
    while (i < declared.size() && declared[i].name != name) ++i;
    if (i == declared.size()) {
      return Refusal(422, "Unknown feature", "the router's configuration declares no such feature",
                     "/features");
    }
    values[i] = value;
  }
  return values;
}

std::variant<policy::EncodedContext, Problem> ContextFromEmbedding(
    const RouterView& router, const RouteRequest& request, std::span<const double> features) {
  const RouterDefinition& definition = *router.definition;
  if (!request.embedding) {
    return Refusal(422, "Wrong input", "this router takes `embedding`; nothing else is read");
  }
  const std::size_t dimension = definition.options.context.dimension;
  if (request.embedding->size() != dimension) {
    return Refusal(422, "Wrong dimension",
                   "this router takes embeddings of dimension " + std::to_string(dimension) +
                       ", this one has " + std::to_string(request.embedding->size()),
                   "/embedding");
  }
  const std::string& declared = definition.options.context.embedding_model;
  if (!request.embedding_model.empty() && request.embedding_model != declared) {
    return Refusal(
        422, "Wrong embedding model",
        declared.empty()
            ? "this router's configuration declares no context.embedding_model"
            : "this router takes embeddings of the model that its configuration declares",
        "/embedding_model");
  }
  auto context = definition.context.FromEmbedding(*request.embedding, features, router.map.get());
  if (!context) {
    return Refusal(422, "Wrong input", "the embedding is all zeros, so it has no direction",
                   "/embedding");
  }
  return *std::move(context);
}

}  // namespace

std::variant<policy::EncodedContext, Problem> ContextOf(const RouterView& router,
                                                        const RouteRequest& request) {
  const RouterDefinition& definition = *router.definition;
  auto features = FeaturesOf(definition, request);
  if (auto* problem = std::get_if<Problem>(&features)) return std::move(*problem);
  const auto& values = std::get<std::vector<double>>(features);
  if (definition.options.context.source == policy::ContextSource::kEmbedding) {
    return ContextFromEmbedding(router, request, values);
  }
  if (!request.text) {
    return Refusal(422, "Wrong input",
                   "this router encodes text: send `query` or `messages`; it takes no embedding");
  }
  return definition.context.FromText(*request.text, values, router.map.get());
}

std::optional<policy::Context> LoggedContext(const RouterDefinition& definition,
                                             const policy::ContextMap* map,
                                             const store::DecisionRecord& record) {
  const policy::Context logged = Eigen::Map<const Eigen::VectorXf>(
      record.context.data(), static_cast<Eigen::Index>(record.context.size()));
  if (record.map_version == (map == nullptr ? 0 : map->version())) {
    const std::size_t components = map == nullptr ? 0 : map->components();
    if (record.context.size() != ModelOptionsOf(definition, components).dimension) {
      return std::nullopt;
    }
    return logged;
  }
  if (map == nullptr || record.context.size() < definition.options.context.features.size() + 1) {
    return std::nullopt;
  }
  const auto raw = definition.context.RawOf(logged, record.map_version, record.features);
  if (std::holds_alternative<std::monostate>(raw)) return std::nullopt;
  return definition.context.Mapped(raw, logged, *map);
}

}  // namespace sluice::daemon
