// The product's own contexts and statistics over rows of a data set, for what is measured with
// every outcome known. Same arguments, same numbers; const calls from any thread.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "daemon/roster.h"
#include "policy/model.h"
#include "sim/encoded_texts.h"
#include "sim/offline.h"

namespace sluice::sim {

// By arm: the blended list price, or where it has none, what it cost on average in the rows told.
std::vector<double> ListPricesUsd(const Environment& environment, const Halves& halves);

// Rows as contexts of a router with the defaults; what is passed outlives it.
class OfflineContexts {
 public:
  OfflineContexts(const Environment& environment, const EncodedTexts& memory);

  // From here on by a map of the first distinct texts of these rows, as many as the product takes.
  void FitMap(const std::vector<std::size_t>& rows);

  policy::Context Of(std::size_t row) const;
  policy::ModelOptions model() const;

 private:
  const Environment& environment_;
  std::shared_ptr<const daemon::RouterDefinition> definition_;
  std::shared_ptr<const policy::ContextMap> map_;  // null: none
};

// A model that was told everything about the rows of one half; what is passed outlives it.
class OfflineModel {
 public:
  OfflineModel(const Environment& environment, const Halves& halves,
               const OfflineContexts& contexts);

  std::vector<Predicted> Predict(std::size_t row) const;  // by arm

 private:
  void Tell(std::size_t row);
  void Settle(std::size_t row);
  std::optional<policy::CostLesson> BillOf(std::size_t row, std::size_t arm,
                                           const policy::Context& context) const;

  const Environment& environment_;
  const OfflineContexts& contexts_;
  std::vector<policy::ArmTerms> terms_;
  policy::Model model_;
  std::shared_ptr<const policy::Posterior> posterior_;
};

}  // namespace sluice::sim
