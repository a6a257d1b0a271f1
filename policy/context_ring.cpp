#include "policy/context_ring.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "policy/bytes.h"
#include "policy/check.h"
#include "policy/lanes.h"

namespace sluice::policy {
namespace {

static_assert(ContextRing::kStride % (4 * kDoubleLanes) == 0 &&
              ContextRing::kStride >= ContextRing::kSizeMax);

DoubleLanes LoadFloats(const float* from) {
  typedef float Floats __attribute__((vector_size(kDoubleLanes * sizeof(float))));
  Floats floats;
  std::memcpy(&floats, from, sizeof(floats));
  return __builtin_convertvector(floats, DoubleLanes);
}

bool TakeSize(std::string_view& in, std::size_t& size) {
  std::uint32_t value = 0;
  const bool taken = TakeValue(in, value);
  size = value;
  return taken;
}

template <typename T>
bool TakeFinite(std::string_view& in, T& value) {
  return TakeValue(in, value) && std::isfinite(value);
}

}  // namespace

void ContextRing::Begin(std::size_t dimension) {
  Clear();
  dimension_ = dimension;
  features_.assign(dimension * kStride, 0);
  surcharges_.assign(kSizeMax, 0);
  shifts_.assign(kSizeMax, 0);
}

void ContextRing::Clear() {
  *this = ContextRing();
}

void ContextRing::Push(const Entry& entry) {
  if (entry.context.size() != dimension_) {
    Begin(entry.context.size());
  }
  const std::size_t slot = next_;
  for (std::size_t j = 0; j < dimension_; ++j) {
    features_[j * kStride + slot] = entry.context[j];
  }
  surcharges_[slot] = entry.surcharge_usd;
  shifts_[slot] = entry.quality_shift;
  for (std::size_t arm = 0; arm < kArmsMax; ++arm) {
    SetBonus(static_cast<ArmId>(arm), slot, (*entry.bonus)[arm]);
  }
  next_ = (slot + 1) % kSizeMax;
  size_ = std::max(size_, slot + 1);
}

const float* ContextRing::Bonus(ArmId arm) const {
  return arm < bonus_arms_ ? bonuses_.data() + arm * kStride : nullptr;
}

void ContextRing::SetBonus(ArmId arm, std::size_t slot, float bonus) {
  if (arm >= bonus_arms_) {
    if (bonus == 0) {
      return;
    }
    bonus_arms_ = arm + std::size_t{1};
    bonuses_.resize(bonus_arms_ * kStride, 0);
  }
  bonuses_[arm * kStride + slot] = bonus;
}

double ContextRing::Mean(const std::vector<double>& values) const {
  double sum = 0;
  for (std::size_t slot = 0; slot < size_; ++slot) {
    sum += values[slot];
  }
  return size_ == 0 ? 0 : sum / static_cast<double>(size_);
}

void ContextRing::Apply(std::span<const double> theta, double* out) const {
  Check(theta.size() == dimension_, "a head has the dimension of the contexts");
  for (std::size_t slot = 0; slot < kStride; slot += 4 * kDoubleLanes) {
    DoubleLanes sum[4] = {};
    for (std::size_t j = 0; j < dimension_; ++j) {
      const float* row = features_.data() + j * kStride + slot;
      const DoubleLanes weight = theta[j] + DoubleLanes{};
      MultiplyAdd(sum[0], LoadFloats(row), weight);
      MultiplyAdd(sum[1], LoadFloats(row + kDoubleLanes), weight);
      MultiplyAdd(sum[2], LoadFloats(row + 2 * kDoubleLanes), weight);
      MultiplyAdd(sum[3], LoadFloats(row + 3 * kDoubleLanes), weight);
    }
    std::memcpy(out + slot, sum, sizeof(sum));
  }
}

void ContextRing::Combine(const double* weights, Context& sum) const {
  sum.resize(static_cast<Eigen::Index>(dimension_));
  for (std::size_t j = 0; j < dimension_; ++j) {
    const float* row = features_.data() + j * kStride;
    DoubleLanes lanes[2] = {};
    for (std::size_t slot = 0; slot < kStride; slot += 2 * kDoubleLanes) {
      DoubleLanes weight[2];
      std::memcpy(weight, weights + slot, sizeof(weight));
      MultiplyAdd(lanes[0], LoadFloats(row + slot), weight[0]);
      MultiplyAdd(lanes[1], LoadFloats(row + slot + kDoubleLanes), weight[1]);
    }
    const DoubleLanes both = lanes[0] + lanes[1];
    sum[static_cast<Eigen::Index>(j)] = static_cast<float>(SumOf(both));
  }
}

void ContextRing::CopyContext(std::size_t slot, Context& context) const {
  context.resize(static_cast<Eigen::Index>(dimension_));
  for (std::size_t j = 0; j < dimension_; ++j) {
    context[static_cast<Eigen::Index>(j)] = features_[j * kStride + slot];
  }
}

void ContextRing::Serialise(std::string& out) const {
  for (std::size_t value : {dimension_, size_, next_, bonus_arms_}) {
    AppendValue(out, static_cast<std::uint32_t>(value));
  }
  for (std::size_t slot = 0; slot < size_; ++slot) {
    for (std::size_t j = 0; j < dimension_; ++j) {
      AppendValue(out, features_[j * kStride + slot]);
    }
    for (std::size_t arm = 0; arm < bonus_arms_; ++arm) {
      AppendValue(out, bonuses_[arm * kStride + slot]);
    }
    AppendValue(out, surcharges_[slot]);
    AppendValue(out, shifts_[slot]);
  }
}

bool ContextRing::TakeSlot(std::string_view& in, std::size_t slot) {
  for (std::size_t j = 0; j < dimension_; ++j) {
    if (!TakeFinite(in, features_[j * kStride + slot])) {
      return false;
    }
  }
  for (std::size_t arm = 0; arm < bonus_arms_; ++arm) {
    if (!TakeFinite(in, bonuses_[arm * kStride + slot])) {
      return false;
    }
  }
  return TakeFinite(in, surcharges_[slot]) && TakeFinite(in, shifts_[slot]);
}

bool ContextRing::Consistent() const {
  const bool sizes = dimension_ <= kContextMax && size_ <= kSizeMax && bonus_arms_ <= kArmsMax;
  const bool empty = dimension_ == 0 && size_ == 0 && bonus_arms_ == 0 && next_ == 0;
  const bool filled =
      dimension_ > 0 && size_ > 0 && (size_ < kSizeMax ? next_ == size_ : next_ < kSizeMax);
  return sizes && (empty || filled);
}

std::optional<ContextRing> ContextRing::Restore(std::string_view& in) {
  ContextRing ring;
  if (!TakeSize(in, ring.dimension_) || !TakeSize(in, ring.size_) || !TakeSize(in, ring.next_) ||
      !TakeSize(in, ring.bonus_arms_) || !ring.Consistent()) {
    return std::nullopt;
  }
  if (ring.size_ == 0) {
    return ring;
  }
  ring.features_.assign(ring.dimension_ * kStride, 0);
  ring.bonuses_.assign(ring.bonus_arms_ * kStride, 0);
  ring.surcharges_.assign(kSizeMax, 0);
  ring.shifts_.assign(kSizeMax, 0);
  for (std::size_t slot = 0; slot < ring.size_; ++slot) {
    if (!ring.TakeSlot(in, slot)) {
      return std::nullopt;
    }
  }
  return ring;
}

}  // namespace sluice::policy
