// The last 300 contexts of a scope with what the pacer must know of each. Kept feature by feature,
// so that a linear head is applied to several contexts at a time. For pacer.cpp and pacer_table.cpp
// only.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/types.h"

namespace sluice::policy {

class ContextRing {
 public:
  static constexpr std::size_t kSizeMax = 300;
  static constexpr std::size_t kStride = 304;  // whole lanes; what lies beyond size() is 0

  struct Entry {
    std::span<const float> context;
    const std::array<float, kArmsMax>* bonus = nullptr;
    double surcharge_usd = 0;
    double quality_shift = 0;
  };

  // Replaces the oldest when full. A context of another dimension forgets all others.
  void Push(const Entry& entry);
  void Clear();

  std::size_t size() const { return size_; }
  std::size_t dimension() const { return dimension_; }
  double MeanSurchargeUsd() const { return Mean(surcharges_); }
  double MeanQualityShift() const { return Mean(shifts_); }

  // theta'x of every context, into kStride entries. theta has dimension() entries.
  void Apply(std::span<const double> theta, double* out) const;
  // The contexts' sum with these kStride weights, into a context of dimension() entries.
  void Combine(const double* weights, Context& sum) const;
  void CopyContext(std::size_t slot, Context& context) const;

  // Of one arm in kStride entries; null where it never had any.
  const float* Bonus(ArmId arm) const;
  void SetBonus(ArmId arm, std::size_t slot, float bonus);

  void Serialise(std::string& out) const;
  // Takes the bytes off the front of `in`; empty when they are cut short or impossible.
  static std::optional<ContextRing> Restore(std::string_view& in);

 private:
  double Mean(const std::vector<double>& values) const;
  void Begin(std::size_t dimension);
  bool Consistent() const;
  bool TakeSlot(std::string_view& in, std::size_t slot);

  std::size_t dimension_ = 0;
  std::size_t size_ = 0;
  std::size_t next_ = 0;            // the slot that is written next
  std::size_t bonus_arms_ = 0;      // arms below it have a row in bonuses_
  std::vector<float> features_;     // dimension_ rows of kStride
  std::vector<float> bonuses_;      // bonus_arms_ rows of kStride
  std::vector<double> surcharges_;  // by slot
  std::vector<double> shifts_;
};

}  // namespace sluice::policy
