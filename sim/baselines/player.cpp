#include "sim/baselines/player.h"

#include <utility>

#include "policy/check.h"
#include "sim/baselines/recorded_answers.h"

namespace sluice::sim {
namespace {

policy::ContextOptions WithoutMap(policy::ContextOptions options) {
  if (options.projection == policy::Projection::kFitted) {
    options.projection = policy::Projection::kNone;
  }
  return options;
}

}  // namespace

BaselinePlayer::BaselinePlayer(std::string_view name, const BaselinePlayerOptions& options)
    : BaselinePlayer(
          MakeBaseline(
              name, {.dimension = policy::ContextBuilder(WithoutMap(options.context)).dimension(),
                     .seed = options.seed,
                     .budget_usd = options.budget_usd,
                     .cost_weight = options.cost_weight}),
          options) {}

BaselinePlayer::BaselinePlayer(std::unique_ptr<Baseline> baseline,
                               const BaselinePlayerOptions& options)
    : builder_(WithoutMap(options.context)),
      text_(options.context.source == policy::ContextSource::kText),
      seed_(options.seed),
      baseline_(std::move(baseline)) {
  policy::Check(baseline_ != nullptr, "a player is made of a baseline that there is");
}

policy::Context BaselinePlayer::ContextOf(const Task& task) const {
  if (text_) return builder_.FromText(task.text, {}).context;
  auto encoded = builder_.FromEmbedding(task.embedding, {});
  policy::Check(encoded.has_value(), "a task's embedding has a direction");
  return std::move(encoded->context);
}

Answered BaselinePlayer::Ask(const Task& task, std::span<const Outcome> outcomes,
                             std::span<const ArmFacts> arms, policy::ArmSet available) {
  Answered answered{.context = ContextOf(task), .tick = tick_++};
  for (const ArmFacts& arm : arms) answered.list_price_usd.push_back(BlendedPriceUsd(arm));
  RecordedAnswers answers(outcomes, available, seed_, answered.tick);
  baseline_->Answer({.context = answered.context,
                     .arms = arms,
                     .available = available,
                     .tick = answered.tick,
                     .text = task.text,
                     .embedding = task.embedding},
                    answers);
  policy::Check(!answers.called().empty(), "a baseline calls an arm");
  answered.called = answers.called();
  answered.paid_usd = answers.paid_usd();
  return answered;
}

void BaselinePlayer::Teach(const Answered& answered, std::span<const Outcome> outcomes) {
  for (const policy::ArmId arm : answered.called) {
    baseline_->Learn({.context = answered.context,
                      .tick = answered.tick,
                      .arm = arm,
                      .reward = outcomes[arm].reward,
                      .cost_usd = outcomes[arm].cost_usd,
                      .list_price_usd = answered.list_price_usd[arm]});
  }
}

}  // namespace sluice::sim
