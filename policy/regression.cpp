#include "policy/regression.h"

#include <cmath>
#include <utility>

#include "policy/check.h"

namespace sluice::policy {
namespace {

// A factor may be as much out of date: a width is then off by half of it.
constexpr double kStaleMax = .03;

}  // namespace

Regression::Regression(std::shared_ptr<const RidgePrior> prior, std::optional<RidgeStatistics> sums)
    : prior_(std::move(prior)),
      sums_(sums ? std::move(*sums) : RidgeStatistics(prior_->mean.size())) {}

void Regression::Changed() {
  solved_ = false;
  factored_ = false;
}

void Regression::Add(const Context& x, double target, double weight) {
  sums_.Add(x, target, weight);
  Changed();
}

void Regression::Retract(const Context& x, double target, double weight) {
  sums_.Retract(x, target, weight);
  Changed();
}

void Regression::Revise(const Context& x, double from, double to, double weight) {
  sums_.Revise(x, from, to, weight);
  Changed();
}

void Regression::Reset(int bits) {
  sums_.Scale(-bits);
  Changed();
}

void Regression::Borrow(const RidgeStatistics& source, double strength, double weight) {
  sums_.Borrow(source, strength, weight);
  Changed();
}

void Regression::AddPending(const Context& x) {
  if (!pending_) {
    pending_.emplace(sums_.dimension());
  }
  pending_->Add(x, 0, 1);
  factored_ = factored_ && pending_weight_ == 0;
}

void Regression::RemovePending(const Context& x) {
  Check(pending_.has_value(), "only a context that waits is removed");
  pending_->Retract(x, 0, 1);
  factored_ = factored_ && pending_weight_ == 0;
}

void Regression::ClearPending() {
  pending_.reset();
  factored_ = factored_ && pending_weight_ == 0;
}

void Regression::MovePendingTo(Regression& other) {
  other.ClearPending();
  std::swap(pending_, other.pending_);
  factored_ = factored_ && pending_weight_ == 0;
  other.factored_ = other.factored_ && !other.pending_;
}

const RidgeSolution* Regression::Solution(const Forgetting& clock) {
  if (!solved_ || (clock.forgets() && solved_tick_ != clock.tick())) {
    solution_ = SolveRidge(sums_, *prior_, clock.Decay());
    solved_tick_ = clock.tick();
    solved_ = true;
  }
  return solution_ ? &*solution_ : nullptr;
}

bool Regression::IsFresh(const Forgetting& clock, double pending_weight) const {
  return factored_ && clock.DecaySince(factored_tick_) >= 1 - kStaleMax &&
         std::abs(pending_weight - pending_weight_) <= kStaleMax * pending_weight_;
}

std::optional<RidgeFactor> Regression::Factorise(const Forgetting& clock, double pending_weight) {
  const RidgeSolution* solution = Solution(clock);
  if (solution == nullptr || pending_weight == 0) {
    return solution != nullptr ? RidgeFactor::Derive(*solution) : std::nullopt;
  }
  // What waits does not decay.
  RidgeStatistics with_pending = sums_;
  with_pending.Borrow(*pending_, pending_->n(), pending_weight / clock.Decay());
  const auto narrowed = SolveRidge(with_pending, *prior_, clock.Decay());
  return narrowed ? RidgeFactor::Derive(*solution, *narrowed) : std::nullopt;
}

bool Regression::Refresh(const Forgetting& clock, double pending_weight) {
  const double weight = pending_ && pending_->count() > 0 ? pending_weight : 0;
  if (IsFresh(clock, weight)) {
    return true;
  }
  std::optional<RidgeFactor> factor = Factorise(clock, weight);
  factored_ = factor.has_value();
  if (factored_) {
    factor_ = std::make_shared<const RidgeFactor>(std::move(*factor));
    factored_tick_ = clock.tick();
    pending_weight_ = weight;
  }
  return factored_;
}

}  // namespace sluice::policy
