// Values as TOML.
#include <chrono>
#include <cstdio>

#include "config/field.h"
#include "config/format.h"

namespace sluice::config {

namespace {

std::string TomlKey(std::string_view key) {
  constexpr std::string_view kBare =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  if (!key.empty() && key.find_first_not_of(kBare) == std::string_view::npos) {
    return std::string(key);
  }
  return Quote(key);
}

// "2026-12-01T00:00:00Z", with six digits of a second where there is a fraction.
std::string FormatMoment(std::int64_t since_epoch_us) {
  using namespace std::chrono;
  const sys_time<microseconds> moment{microseconds(since_epoch_us)};
  const auto midnight = floor<days>(moment);
  const year_month_day date(midnight);
  const hh_mm_ss time(moment - midnight);
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d", int{date.year()},
                unsigned{date.month()}, unsigned{date.day()},
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  std::string formatted = text;
  if (time.subseconds().count() != 0) {
    std::snprintf(text, sizeof text, ".%06d", static_cast<int>(time.subseconds().count()));
    formatted += text;
  }
  return formatted + "Z";
}

struct Writer {
  const Shape& shape;

  std::string operator()(std::monostate) const { return ""; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const {
    if (std::holds_alternative<Moment>(shape)) return FormatMoment(value);
    const auto* choice = std::get_if<Choice>(&shape);
    if (choice == nullptr) return std::to_string(value);
    return Quote(choice->names[static_cast<std::size_t>(value - choice->first)]);
  }
  std::string operator()(double value) const { return FormatTomlNumber(value); }
  std::string operator()(const std::string& value) const { return Quote(value); }
  std::string operator()(const std::vector<std::string>& values) const {
    std::string text;
    for (const std::string& value : values) text += (text.empty() ? "" : ", ") + Quote(value);
    return "[" + text + "]";
  }
  std::string operator()(const std::vector<double>& numbers) const {
    std::string text;
    for (const double number : numbers) {
      text += (text.empty() ? "" : ", ") + FormatTomlNumber(number);
    }
    return "[" + text + "]";
  }
  std::string operator()(const Params& params) const {
    std::string text;
    for (const auto& [key, scalar] : params) {
      text += (text.empty() ? "" : ", ") + TomlKey(key) + " = " + std::visit(*this, scalar);
    }
    return "{" + text + "}";
  }
};

}  // namespace

bool IsUnset(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  const auto* whole = std::get_if<std::int64_t>(&value);
  return std::holds_alternative<std::monostate>(value) || (text != nullptr && text->empty()) ||
         (whole != nullptr && *whole == 0);
}

std::string ToToml(const Shape& shape, const Value& value) {
  return std::visit(Writer{shape}, value);
}

}  // namespace sluice::config
