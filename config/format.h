// How numbers and texts are written, in TOML and in messages. Private to config/.
#pragma once

#include <charconv>
#include <cmath>
#include <string>
#include <string_view>

namespace sluice::config {

// The shortest digits that give the same double back, without an exponent where a person would
// write none: "5", "0.1", "100000", "1e+22".
inline std::string FormatNumber(double number) {
  const double size = std::fabs(number);
  const bool plain = number == 0 || (size >= 1e-5 && size < 1e15);
  const auto format = plain ? std::chars_format::fixed : std::chars_format::scientific;
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, number, format).ptr;
  return std::string(digits, end);
}

// The same as a TOML float, which has a point or an exponent: "5.0".
inline std::string FormatTomlNumber(double number) {
  std::string digits = FormatNumber(number);
  if (digits.find_first_of(".e") == std::string::npos) digits += ".0";
  return digits;
}

// A TOML basic string.
inline std::string Quote(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      quoted += "\\u00";
      quoted += kHex[byte >> 4];
      quoted += kHex[byte & 15];
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

// "router" and "arm" to "router.arm"; the root's path is empty.
inline std::string JoinPath(std::string_view path, std::string_view key) {
  std::string joined(path);
  if (!joined.empty()) joined += '.';
  return joined.append(key);
}

}  // namespace sluice::config
