#include "api/wire_base64.h"

#include <algorithm>
#include <array>

namespace sluice::api {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNotBase64 = 0xFF;

constexpr std::array<std::uint8_t, 256> MakeValues() {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNotBase64);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}

constexpr std::array<std::uint8_t, 256> kValues = MakeValues();

// Four characters and the 24 bits in them; `bad` keeps the bits that only kNotBase64 has.
std::uint32_t Group(std::string_view four, unsigned& bad) {
  std::uint32_t group = 0;
  for (const char c : four) {
    const std::uint8_t value = kValues[static_cast<unsigned char>(c)];
    bad |= value & 0xC0U;
    group = group << 6 | (value & 0x3FU);
  }
  return group;
}

}  // namespace

std::optional<std::size_t> Base64Bytes(std::string_view text) {
  if (text.size() % 4 != 0) {
    return std::nullopt;
  }
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  return text.size() / 4 * 3 - padding;
}

bool DecodeBase64(std::string_view text, std::span<std::byte> out) {
  unsigned bad = 0;
  std::size_t written = 0;
  const std::size_t whole = out.size() / 3 * 4;  // characters of the groups without padding
  for (std::size_t i = 0; i < whole; i += 4) {
    const std::uint32_t group = Group(text.substr(i, 4), bad);
    out[written++] = static_cast<std::byte>(group >> 16);
    out[written++] = static_cast<std::byte>(group >> 8);
    out[written++] = static_cast<std::byte>(group);
  }
  if (written < out.size()) {
    const std::size_t left = out.size() - written;
    std::uint32_t group = Group(text.substr(whole, left + 1), bad) << (18 - 6 * left);
    for (; written < out.size(); group <<= 8) {
      out[written++] = static_cast<std::byte>(group >> 16);
    }
  }
  return bad == 0;
}

std::string EncodeBase64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += k > count ? '=' : kAlphabet[group >> (18 - 6 * k) & 0x3F];
    }
  }
  return text;
}

}  // namespace sluice::api
