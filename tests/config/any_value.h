// Random values of one field.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>
#include <vector>

#include "config/field.h"
#include "policy/rng.h"

namespace sluice::config {

inline double AnyFinite(policy::Rng& rng) {
  while (true) {
    const auto number = std::bit_cast<double>(rng.Bits());
    if (std::isfinite(number)) return number;
  }
}

inline std::string AnyText(policy::Rng& rng, std::size_t bytes_max) {
  constexpr std::string_view kPieces[] = {
      "a",      "Z",      "0", "\"", "\\", "\n", "\t",   "#",    "\r",
      "\u00e9", "\u4e2d", "'", "=",  " ",  "]",  "\x01", "\x7f", std::string_view("\0", 1)};
  std::string text;
  while (text.size() + 4 <= bytes_max && rng.Below(40) != 0) {
    text += kPieces[rng.Below(std::size(kPieces))];
  }
  return text;
}

inline std::string AnyOf(policy::Rng& rng, std::string_view letters, std::size_t size_max) {
  std::string text;
  const std::size_t size = 1 + rng.Below(size_max);
  while (text.size() < size) text += letters[rng.Below(letters.size())];
  return text;
}

// A random value that fits its shape.
struct Draw {
  policy::Rng& rng;

  Value operator()(const Whole& shape) const {
    const auto span = static_cast<std::uint64_t>(shape.max) - static_cast<std::uint64_t>(shape.min);
    const std::uint64_t step = span == ~std::uint64_t{0} ? rng.Bits() : rng.Bits() % (span + 1);
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(shape.min) + step);
  }
  Value operator()(const Number& shape) const {
    return std::min(shape.max, shape.min + (shape.max - shape.min) * rng.Uniform());
  }
  Value operator()(const Choice& shape) const {
    return shape.first + static_cast<std::int64_t>(rng.Below(shape.names.size()));
  }
  Value operator()(const Flag&) const { return rng.Below(2) == 0; }
  Value operator()(const Moment&) const {
    const std::uint64_t second = rng.Below(253402300800);
    return static_cast<std::int64_t>(second * 1'000'000 +
                                     (rng.Below(2) == 0 ? 0 : rng.Below(1'000'000)));
  }
  Value operator()(const Name&) const { return AnyOf(rng, "abcXYZ019._-", 128); }
  Value operator()(const Label&) const { return "<" + AnyOf(rng, "ab \"\\#/'~", 126) + ">"; }
  Value operator()(const Path&) const { return AnyOf(rng, "ab/ .\"\\'", 200); }
  Value operator()(const Listen&) const {
    const char* host = rng.Below(2) == 0 ? "127.0.0.1" : "::1";
    return FormatListen(host, static_cast<std::uint16_t>(rng.Below(65536)));
  }
  Value operator()(const Labels&) const {
    std::vector<std::string> labels;
    for (std::uint64_t i = rng.Below(5); i > 0; --i) labels.push_back("c\"" + std::to_string(i));
    return labels;
  }
  Value operator()(const Numbers& shape) const {
    std::vector<double> numbers;
    for (std::uint64_t i = rng.Below(5); i > 0; --i) {
      numbers.push_back(std::get<double>((*this)(Number{shape.min, shape.max})));
    }
    return numbers;
  }
  Value operator()(const Scalars&) const {
    Params params;
    for (std::uint64_t i = rng.Below(5); i > 0; --i) {
      const std::string key = (rng.Below(2) == 0 ? "key" : "a \"key\" ") + std::to_string(5 - i);
      params.emplace_back(key, AnyScalar());
    }
    std::ranges::sort(params, {}, &Params::value_type::first);
    return params;
  }
  Scalar AnyScalar() const {
    switch (rng.Below(4)) {
      case 0:
        return rng.Below(2) == 0;
      case 1:
        return static_cast<std::int64_t>(rng.Bits());
      case 2:
        return AnyFinite(rng);
      default:
        return AnyText(rng, kParamBytesMax);
    }
  }
};

}  // namespace sluice::config
