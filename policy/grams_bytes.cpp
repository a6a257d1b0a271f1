// The form in which the log keeps grams; its layout is beside EncodeGrams in grams.h.

#include "policy/grams.h"

namespace sluice::policy {
namespace {

constexpr char kFormatVersion = 1;
constexpr std::uint32_t kCodePlusOne = 0;
constexpr std::uint32_t kCodeMinusOne = 1;
constexpr std::uint32_t kCodeOther = 2;
constexpr int kVarintBytesMax = 3;  // 21 bits: a gap with its code has 15, a count 16

void AppendVarint(std::string& out, std::uint32_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

// False, with `in` unspecified, for a number that is cut short, too long or padded with zeros.
bool TakeVarint(std::string_view& in, std::uint32_t& value) {
  value = 0;
  for (int i = 0; i < kVarintBytesMax && !in.empty(); ++i) {
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    value |= (byte & 0x7Fu) << (7 * i);
    if (byte < 0x80) {
      return byte != 0 || i == 0;
    }
  }
  return false;
}

std::uint32_t Zigzag(std::int32_t value) {
  return value < 0 ? 2 * static_cast<std::uint32_t>(-value) - 1
                   : 2 * static_cast<std::uint32_t>(value);
}

std::int32_t FromZigzag(std::uint32_t value) {
  const auto half = static_cast<std::int32_t>(value / 2);
  return value % 2 == 0 ? half : -half - 1;
}

// A count that has no code of its own.
bool TakeOtherCount(std::string_view& in, std::int32_t& count) {
  std::uint32_t zigzag = 0;
  if (!TakeVarint(in, zigzag)) {
    return false;
  }
  count = FromZigzag(zigzag);
  const bool has_code = count >= -1 && count <= 1;
  return !has_code && count >= -kGramCountMax && count <= kGramCountMax;
}

bool TakeCount(std::string_view& in, std::uint32_t code, std::int32_t& count) {
  switch (code) {
    case kCodePlusOne:
      count = 1;
      return true;
    case kCodeMinusOne:
      count = -1;
      return true;
    case kCodeOther:
      return TakeOtherCount(in, count);
    default:
      return false;
  }
}

}  // namespace

std::string EncodeGrams(const GramCounts& grams) {
  std::string out;
  out.reserve(1 + 2 * grams.buckets.size());
  out.push_back(kFormatVersion);
  std::uint32_t next = 0;  // the first bucket that is not yet spoken of
  for (std::size_t i = 0; i < grams.buckets.size(); ++i) {
    const std::uint32_t gap = grams.buckets[i] - next;
    const std::int32_t count = grams.counts[i];
    const std::uint32_t code = count == 1 ? kCodePlusOne : count == -1 ? kCodeMinusOne : kCodeOther;
    AppendVarint(out, gap << 2 | code);
    if (code == kCodeOther) {
      AppendVarint(out, Zigzag(count));
    }
    next = grams.buckets[i] + 1u;
  }
  return out;
}

std::optional<GramCounts> DecodeGrams(std::string_view bytes) {
  if (bytes.empty() || bytes.front() != kFormatVersion) {
    return std::nullopt;
  }
  bytes.remove_prefix(1);
  GramCounts grams;
  std::uint32_t next = 0;
  while (!bytes.empty()) {
    std::uint32_t coded = 0;
    std::int32_t count = 0;
    if (!TakeVarint(bytes, coded) || !TakeCount(bytes, coded & 3u, count)) {
      return std::nullopt;
    }
    const std::uint32_t bucket = next + (coded >> 2);
    if (bucket >= kGramDimensions) {
      return std::nullopt;
    }
    grams.buckets.push_back(static_cast<std::uint16_t>(bucket));
    grams.counts.push_back(static_cast<std::int16_t>(count));
    next = bucket + 1;
  }
  return grams;
}

}  // namespace sluice::policy
