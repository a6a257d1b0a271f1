#include "daemon/ids.h"

#include <chrono>
#include <cstdio>

#include "policy/rng.h"

namespace sluice::daemon {

namespace {

constexpr std::size_t kTextBytes = 36;
constexpr std::array<std::size_t, 4> kDashes = {8, 13, 18, 23};
constexpr std::uint64_t kSessionStream = 0x73657373;

bool IsDash(std::size_t at) {
  return at == kDashes[0] || at == kDashes[1] || at == kDashes[2] || at == kDashes[3];
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Bytes of the two halves of an id, most significant first.
store::DecisionId FromHalves(std::uint64_t high, std::uint64_t low) {
  store::DecisionId id;
  for (std::size_t i = 0; i < 8; ++i) {
    id.bytes[i] = static_cast<std::uint8_t>(high >> (56 - 8 * i));
    id.bytes[8 + i] = static_cast<std::uint8_t>(low >> (56 - 8 * i));
  }
  return id;
}

std::uint64_t Half(const store::DecisionId& id, std::size_t from) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | id.bytes[from + i];
  return value;
}

}  // namespace

Clock SystemClock() {
  return [] {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(now).count());
  };
}

std::string FormatId(const store::DecisionId& id) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  text.reserve(kTextBytes);
  for (const std::uint8_t byte : id.bytes) {
    if (IsDash(text.size())) text.push_back('-');
    text.push_back(kHex[byte >> 4]);
    text.push_back(kHex[byte & 15]);
  }
  return text;
}

std::optional<store::DecisionId> ParseId(std::string_view text) {
  if (text.size() != kTextBytes) return std::nullopt;
  store::DecisionId id;
  std::size_t digits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (IsDash(i)) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const int value = HexValue(text[i]);
    if (value < 0) return std::nullopt;
    std::uint8_t& byte = id.bytes[digits / 2];
    byte = static_cast<std::uint8_t>(byte << 4 | value);
    ++digits;
  }
  return id;
}

// The variant takes the two upper bits of the lower half; the node the sixteen after them.
std::uint16_t NodeOf(const store::DecisionId& id) {
  return static_cast<std::uint16_t>(Half(id, 8) >> 46);
}

std::uint64_t SessionKey(std::string_view session_id, std::uint32_t secret) {
  if (session_id.empty()) return 0;
  std::uint64_t digest = 0xCBF29CE484222325;  // FNV-1a
  for (const char c : session_id) digest = (digest ^ static_cast<std::uint8_t>(c)) * 0x100000001B3;
  const std::uint64_t key = policy::RandomBits(secret, digest, kSessionStream);
  return key == 0 ? 1 : key;
}

std::string FormatSession(std::uint64_t session) {
  if (session == 0) return {};
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(session));
  return text.data();
}

IdSource::IdSource(std::uint16_t node, std::uint64_t seed) : node_(node), seed_(seed) {}

void IdSource::RaiseTo(const store::DecisionId& id) {
  const std::uint64_t high = Half(id, 0);
  const std::uint64_t stamp = (high >> 16) << 12 | (high & 0xFFF);
  std::uint64_t last = last_.load(std::memory_order_relaxed);
  while (last < stamp && !last_.compare_exchange_weak(last, stamp, std::memory_order_relaxed)) {
  }
}

store::DecisionId IdSource::Next(std::uint64_t time_us) {
  const std::uint64_t now = (time_us / 1000) << 12;
  std::uint64_t last = last_.load(std::memory_order_relaxed);
  std::uint64_t stamp = 0;
  do {
    stamp = now > last ? now : last + 1;
  } while (!last_.compare_exchange_weak(last, stamp, std::memory_order_relaxed));
  const std::uint64_t random = policy::RandomBits(seed_, stamp, node_) >> 18;  // 46 bits
  const std::uint64_t high = (stamp >> 12) << 16 | std::uint64_t{7} << 12 | (stamp & 0xFFF);
  const std::uint64_t low = std::uint64_t{2} << 62 | std::uint64_t{node_} << 46 | random;
  return FromHalves(high, low);
}

}  // namespace sluice::daemon
