// A map as bytes: u32 format, u8 input, u32 version, u32 dimension, u32 components; a bit for each
// raw feature whose row has a weight that is not 0 (least bit first); the offsets; those rows. All
// numbers are f32, a row has `components` of them.

#include <algorithm>
#include <cmath>

#include "policy/bytes.h"
#include "policy/context_map.h"

namespace sluice::policy {
namespace {

constexpr std::uint32_t kFormat = 1;
// A column of weights has the length 1 over a deviation, of which a fit keeps none below 1e-6; the
// rows have length 1, so that an offset is no longer. Ten times that leaves room for rounding.
constexpr float kNumberMax = 1e7f;

std::size_t BitmapBytes(std::size_t dimension) {
  return (dimension + 7) / 8;
}

bool Bit(std::string_view bitmap, std::size_t i) {
  return (static_cast<unsigned char>(bitmap[i / 8]) >> (i % 8) & 1) != 0;
}

bool TakeFloats(std::string_view& in, std::span<float> values) {
  return std::all_of(values.begin(), values.end(), [&in](float& v) { return TakeValue(in, v); });
}

bool AllPlausible(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(), [](float v) {
    return std::abs(v) <= kNumberMax;  // false for NaN
  });
}

bool PossibleShape(std::uint8_t input, std::size_t dimension, std::size_t components) {
  if (components < 1 || components > kMapComponentsMax || components > dimension) {
    return false;
  }
  switch (static_cast<MapInput>(input)) {
    case MapInput::kGrams:
      return dimension == kGramDimensions;
    case MapInput::kEmbedding:
      return dimension <= kMapDimensionMax;
  }
  return false;
}

// FNV-1a.
std::uint64_t HashOf(std::string_view bytes) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (char byte : bytes) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3ULL;
  }
  return hash;
}

}  // namespace

bool ContextMap::RowIsZero(std::size_t row) const {
  const std::span weights = std::span(weights_).subspan(row * stride_, components_);
  return std::all_of(weights.begin(), weights.end(), [](float weight) { return weight == 0; });
}

void ContextMap::AppendNumbers(std::string& out) const {
  std::string bitmap(BitmapBytes(dimension_), '\0');
  for (std::size_t i = 0; i < dimension_; ++i) {
    if (!RowIsZero(i)) {
      bitmap[i / 8] = static_cast<char>(bitmap[i / 8] | 1 << (i % 8));
    }
  }
  out.append(bitmap);
  const auto append = [&out, this](const float* row) {
    out.append(reinterpret_cast<const char*>(row), components_ * sizeof(float));
  };
  append(offsets_.data());
  for (std::size_t i = 0; i < dimension_; ++i) {
    if (Bit(bitmap, i)) {
      append(&weights_[i * stride_]);
    }
  }
}

bool ContextMap::TakeNumbers(std::string_view& in) {
  if (in.size() < BitmapBytes(dimension_)) {
    return false;
  }
  const std::string_view bitmap = in.substr(0, BitmapBytes(dimension_));
  in.remove_prefix(bitmap.size());
  if (!TakeFloats(in, std::span(offsets_).first(components_))) {
    return false;
  }
  for (std::size_t i = 0; i < dimension_; ++i) {
    const std::span row = std::span(weights_).subspan(i * stride_, components_);
    // A row of zeros that is said to be none is not how the same map was written.
    if (Bit(bitmap, i) && (!TakeFloats(in, row) || RowIsZero(i))) {
      return false;
    }
  }
  for (std::size_t i = dimension_; i < 8 * bitmap.size(); ++i) {
    if (Bit(bitmap, i)) {
      return false;
    }
  }
  return true;
}

bool ContextMap::Plausible() const {
  return AllPlausible(weights_) && AllPlausible(offsets_);
}

std::uint64_t ContextMap::FingerprintOfNumbers() const {
  std::string bytes;
  AppendValue(bytes, static_cast<std::uint8_t>(input_));
  AppendNumbers(bytes);
  return HashOf(bytes);
}

void ContextMap::Serialise(std::string& out) const {
  AppendValue(out, kFormat);
  AppendValue(out, static_cast<std::uint8_t>(input_));
  AppendValue(out, version_);
  AppendValue(out, static_cast<std::uint32_t>(dimension_));
  AppendValue(out, static_cast<std::uint32_t>(components_));
  AppendNumbers(out);
}

std::shared_ptr<const ContextMap> ContextMap::Restore(std::string_view& in) {
  std::uint32_t format = 0;
  std::uint8_t input = 0;
  std::uint32_t version = 0;
  std::uint32_t dimension = 0;
  std::uint32_t components = 0;
  if (!TakeValue(in, format) || format != kFormat || !TakeValue(in, input) ||
      !TakeValue(in, version) || version == 0 || !TakeValue(in, dimension) ||
      !TakeValue(in, components) || !PossibleShape(input, dimension, components)) {
    return nullptr;
  }
  std::shared_ptr<ContextMap> map(
      new ContextMap(static_cast<MapInput>(input), dimension, components));
  map->version_ = version;
  if (!map->TakeNumbers(in) || !map->Plausible()) {
    return nullptr;
  }
  map->fingerprint_ = map->FingerprintOfNumbers();
  return map;
}

}  // namespace sluice::policy
