// The context map of a router, and folding its entries again: under another map, another prior, or
// without what was rolled back.
#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "daemon/prior_means.h"
#include "daemon/request_context.h"
#include "daemon/router_fold.h"
#include "daemon/warm_start.h"

namespace sluice::daemon {

namespace {

using store::Done;
using store::Position;
using store::Result;

constexpr std::size_t kReadMax = 1024;
constexpr std::uint64_t kProgressEvery = 200000;  // log entries between two lines
// A map is fitted anew when its inputs have moved by half a standard deviation on average.
constexpr double kShiftMax = 0.25;

std::span<const float> ProjectionIn(const store::DecisionRecord& record,
                                    const policy::ContextMap& map) {
  return {record.context.data(), std::min(record.context.size(), map.components())};
}

policy::Context AsContext(const std::vector<float>& values) {
  return Eigen::Map<const Eigen::VectorXf>(values.data(), static_cast<Eigen::Index>(values.size()));
}

}  // namespace

// -- Contexts and maps ----------------------------------------------------------------------------

std::optional<policy::Context> RouterFold::ContextOf(const store::DecisionRecord& record) const {
  return LoggedContext(*definition_, map_.get(), record);
}

// What tells one input from another: the raw features, without those that are declared.
std::string_view RouterFold::RawBytes(const store::DecisionRecord& record) const {
  if (!record.features.empty()) return record.features;
  const std::size_t declared = definition_->options.context.features.size() + 1;
  const std::size_t raw = record.context.size() - std::min(record.context.size(), declared);
  return {reinterpret_cast<const char*>(record.context.data()), raw * sizeof(float)};
}

// Remembers distinct inputs; fits the first map when there are enough, and another when the inputs
// have left the one that stands.
Result<Done> RouterFold::Sample(Position position, const store::DecisionRecord& record) {
  const policy::ContextOptions& options = definition_->options.context;
  if (!definition_->context.fits_maps()) return Done{};
  // The first release kept nothing of a text that a map could be made of.
  if (options.source == policy::ContextSource::kText && record.features.empty()) return Done{};
  const bool fresh = samples_.Offer(position, DigestOf(RawBytes(record)), options.fit_after);
  if (map_ == nullptr) {
    // Inputs that make no map are not tried again before there is another.
    if (!fresh || samples_.distinct() < options.fit_after) return Done{};
  } else {
    if (record.map_version == map_->version()) samples_.Watch(ProjectionIn(record, *map_));
    // A map that was brought may have seen more than what came since.
    const bool enough = samples_.distinct() >= options.fit_after;
    if (!options.refit_on_shift || samples_.shift() < kShiftMax || !enough) return Done{};
    spdlog::info("router '{}': its inputs have left what the context map was fitted on",
                 definition_->name());
  }
  const auto fitted = FitMap(position, Oldest());
  return fitted.ok() ? Result<Done>(Done{}) : fitted.error();
}

Result<bool> RouterFold::FitMap(Position position, Position from) {
  std::vector<policy::ContextBuilder::Raw> raws;
  std::vector<store::DecisionRecord> inputs;
  for (const Position sample : samples_.positions()) {
    auto record = store_.DecisionAt(sample);
    if (!record.ok()) return record.error();
    raws.push_back(definition_->context.RawOf(AsContext(record->context), record->map_version,
                                              record->features));
    inputs.push_back(*std::move(record));
  }
  const std::uint32_t version =
      map_ == nullptr ? 1 : static_cast<std::uint32_t>(map_->version()) + 1;
  auto fitted = definition_->context.FitMap(
      raws, {.components = definition_->options.context.components, .version = version});
  samples_.StartWatching();
  if (fitted == nullptr) {
    spdlog::warn("router '{}': {} inputs do not make a context map", definition_->name(),
                 raws.size());
    return false;
  }
  PriorMeans older;
  if (from > 0) older = PriorMeans(*model_, *definition_, map_.get(), std::move(inputs));
  map_ = std::move(fitted);
  map_fitted_at_ = position;
  changed_ = true;
  spdlog::info("router '{}': context map {} of {} components, fitted on {} distinct inputs",
               definition_->name(), map_->version(), map_->components(), raws.size());
  const auto folded = Refold(position, from, older);
  return folded.ok() ? Result<bool>(true) : folded.error();
}

// -- Folding again --------------------------------------------------------------------------------

// What a second fold gathers.
struct RouterFold::Again {
  Position from = 0;
  std::deque<store::DecisionRecord> newest;  // for the pacers
};

Result<Done> RouterFold::Refold(Position position, Position from, const PriorMeans& older) {
  Again again{.from = from, .newest = {}};
  learnt_from_ = from;
  const std::size_t components = map_ == nullptr ? 0 : map_->components();
  auto current = std::get<store::RouterRecord>(*store::DecodeRecord(record_));
  current.warm_starts.clear();  // those that fit are met on the way
  if (from == 0) tally_.ForgetLabels();
  model_ = std::make_unique<policy::Model>(ModelOptionsOf(*definition_, components));
  older.Start(*model_, *definition_, map_.get());
  if (from > 0) StartArms(current, *definition_, SpaceOfContexts(), *model_);
  Position at = from;
  Position said = from;
  while (at < position) {
    auto entries = store_.Read(at, kReadMax);
    if (!entries.ok()) return entries.error();
    if (entries->empty()) break;
    for (const store::LogEntry& entry : *entries) {
      if (entry.position > position) break;
      if (auto folded = RefoldEntry(entry, again); !folded.ok()) return folded;
    }
    at = std::min(entries->back().position, position);
    if (at - said >= kProgressEvery) {
      spdlog::info("router '{}': folding again, position {} of {}", definition_->name(), at,
                   position);
      said = at;
    }
  }
  StartArms(current, *definition_, SpaceOfContexts(), *model_);
  for (ScopeState& scope : scopes_) scope.pacer.ForgetContexts();
  for (const store::DecisionRecord& record : again.newest) {
    const auto context = ContextOf(record);
    if (!context) continue;
    scopes_[definition_->ScopeOf(record.plan)].pacer.Remember(PacedOf(record, &*context));
  }
  RestorePending();
  return Done{};
}

// What a new router began with is about the map that it brought, which may not be the one that
// stands: what it expects at the sampled inputs becomes prior means.
Result<Done> RouterFold::BeginAnew(const store::RouterRecord& record,
                                   const RouterDefinition& definition) {
  if (model_->arms() > 0 || record.context_map.empty()) return Done{};
  const auto brought = MapBegunWith(record, definition);
  if (!brought.ok()) return brought.error();
  const policy::ContextMap& map = **brought;
  if (map.fingerprint() == SpaceOfContexts()) return Done{};
  std::vector<store::DecisionRecord> inputs;
  for (const Position sample : samples_.positions()) {
    auto input = store_.DecisionAt(sample);
    if (!input.ok()) return input.error();
    inputs.push_back(*std::move(input));
  }
  policy::Model began(ModelOptionsOf(definition, map.components()));
  StartArms(record, definition, map.fingerprint(), began);
  PriorMeans(began, definition, &map, std::move(inputs)).Start(*model_, definition, map_.get());
  return Done{};
}

Result<Done> RouterFold::RefoldEntry(const store::LogEntry& entry, Again& again) {
  const std::uint32_t id = definition_->id;
  if (const auto* router = std::get_if<store::RouterRecord>(&entry.record)) {
    if (router->router != id) return Done{};
    const auto definition = MakeDefinition(*router, memory_);
    if (!definition.ok()) return definition.error();
    FadeChanged(entry.position);
    if (auto begun = BeginAnew(*router, **definition); !begun.ok()) return begun;
    StartArms(*router, **definition, SpaceOfContexts(), *model_);
    return Done{};
  }
  if (const auto* decision = std::get_if<store::DecisionRecord>(&entry.record)) {
    if (decision->router != id) return Done{};
    model_->Advance(decision->tick);
    again.newest.push_back(*decision);
    if (again.newest.size() > policy::ContextRing::kSizeMax * scopes_.size())
      again.newest.pop_front();
    return Done{};
  }
  const auto* outcome = std::get_if<store::OutcomeRecord>(&entry.record);
  if (outcome == nullptr || outcome->decision_position <= again.from) return Done{};
  auto story = store_.FindDecision(outcome->decision);
  if (!story.ok()) return story.error();
  if (!story->has_value() || (*story)->decision.router != id) return Done{};
  const LessonRules rules = Rules();
  const Standing before = StandingAt(rules, **story, entry.position - 1);
  const Standing after = StandingAt(rules, **story, entry.position);
  // Other rules may say of other decisions that they have a label.
  if (again.from == 0) Count(before, after);
  const auto context = ContextOf((*story)->decision);
  if (!context) return Done{};
  const Difference difference{before, after, *context, (*story)->decision.tick};
  TeachCost(difference, *model_);
  TeachQuality(difference, *model_);
  if (after.latency_s && !before.latency_s) model_->LearnLatency(after.served, *after.latency_s);
  return Done{};
}

// Contexts that wait are not part of the bytes: they are read again from the log.
void RouterFold::RestorePending() {
  model_->ClearPending();
  for (OpenDecisions::Entry& entry : open_.entries()) entry.pending = false;
  if (!CountsPending()) return;
  for (OpenDecisions::Entry& entry : open_.entries()) {
    if (entry.labelled) continue;
    const auto decision = store_.DecisionAt(entry.position);
    if (!decision.ok()) continue;
    const auto context = ContextOf(*decision);
    if (!context) continue;
    model_->AddPending(entry.arm, *context);
    entry.pending = true;
  }
}

}  // namespace sluice::daemon
