// Fixed-width little-endian values to bytes and back, for the checkpoints of ridge.cpp and
// model.cpp. Taking from too short an input fails and leaves it unspecified.
#pragma once

#include <bit>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace sluice::policy {

static_assert(std::endian::native == std::endian::little, "checkpoints are little-endian");

template <typename T>
void AppendValue(std::string& out, T value) {
  static_assert(std::is_arithmetic_v<T>);
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}

template <typename T>
bool TakeValue(std::string_view& in, T& value) {
  static_assert(std::is_arithmetic_v<T>);
  if (in.size() < sizeof(T)) {
    return false;
  }
  std::memcpy(&value, in.data(), sizeof(T));
  in.remove_prefix(sizeof(T));
  return true;
}

inline void AppendDoubles(std::string& out, std::span<const double> values) {
  out.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
}

inline bool TakeDoubles(std::string_view& in, std::span<double> values) {
  if (in.size() < values.size_bytes()) {
    return false;
  }
  std::memcpy(values.data(), in.data(), values.size_bytes());
  in.remove_prefix(values.size_bytes());
  return true;
}

}  // namespace sluice::policy
