#include "api/wire_time.h"

#include <chrono>
#include <cstdio>

namespace sluice::api {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year_month_day;

// Takes the text from the left, piece by piece; once a piece does not fit, all later ones fail.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool ok() const { return ok_; }
  bool AtEnd() const { return ok_ && text_.empty(); }

  int Digits(std::size_t count) {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const char c = Take();
      ok_ = ok_ && c >= '0' && c <= '9';
      value = ok_ ? value * 10 + (c - '0') : 0;
    }
    return value;
  }

  // The character that was there, if it is one of `any_of`.
  char One(std::string_view any_of) {
    const char c = Take();
    ok_ = ok_ && any_of.find(c) != std::string_view::npos;
    return ok_ ? c : '\0';
  }

  bool Sees(char c) const { return ok_ && !text_.empty() && text_.front() == c; }

  // A fraction of a second, to the microsecond; what is finer is dropped.
  microseconds Fraction() {
    if (!Sees('.')) {
      return microseconds(0);
    }
    Take();
    int value = Digits(1) * 100000;
    for (int unit = 10000; !text_.empty() && text_.front() >= '0' && text_.front() <= '9';
         unit /= 10) {
      value += Digits(1) * unit;
    }
    return microseconds(value);
  }

 private:
  char Take() {
    if (text_.empty()) {
      ok_ = false;
      return '\0';
    }
    const char c = text_.front();
    text_.remove_prefix(1);
    return c;
  }

  std::string_view text_;
  bool ok_ = true;
};

std::optional<sys_days> ReadDate(Scanner& scanner) {
  const int year = scanner.Digits(4);
  scanner.One("-");
  const auto month = static_cast<unsigned>(scanner.Digits(2));
  scanner.One("-");
  const auto day = static_cast<unsigned>(scanner.Digits(2));
  const year_month_day date{std::chrono::year(year), std::chrono::month(month),
                            std::chrono::day(day)};
  return scanner.ok() && date.ok() ? std::optional(sys_days(date)) : std::nullopt;
}

// A leap second, :60, counts as the second after it, as POSIX has it.
std::optional<microseconds> ReadClock(Scanner& scanner) {
  const int hour = scanner.Digits(2);
  scanner.One(":");
  const int minute = scanner.Digits(2);
  scanner.One(":");
  const int second = scanner.Digits(2);
  const microseconds fraction = scanner.Fraction();
  if (!scanner.ok() || hour > 23 || minute > 59 || second > 60) {
    return std::nullopt;
  }
  return hours(hour) + minutes(minute) + seconds(second) + fraction;
}

std::optional<minutes> ReadOffset(Scanner& scanner) {
  const char sign = scanner.One("Zz+-");
  if (sign == 'Z' || sign == 'z') {
    return minutes(0);
  }
  const int hour = scanner.Digits(2);
  scanner.One(":");
  const int minute = scanner.Digits(2);
  if (!scanner.ok() || hour > 23 || minute > 59) {
    return std::nullopt;
  }
  const auto offset = hours(hour) + minutes(minute);
  return sign == '-' ? -offset : offset;
}

}  // namespace

std::optional<std::uint64_t> ParseTime(std::string_view text) {
  Scanner scanner(text);
  const auto date = ReadDate(scanner);
  scanner.One("Tt");
  const auto clock = ReadClock(scanner);
  const auto offset = ReadOffset(scanner);
  if (!date || !clock || !offset || !scanner.AtEnd()) {
    return std::nullopt;
  }
  const microseconds time = date->time_since_epoch() + *clock - *offset;
  return time.count() < 0 ? std::nullopt : std::optional(static_cast<std::uint64_t>(time.count()));
}

std::string FormatTime(std::uint64_t time_us) {
  const microseconds time(static_cast<std::int64_t>(time_us));
  const auto day = std::chrono::floor<days>(time);
  const year_month_day date{sys_days(day)};
  const std::chrono::hh_mm_ss<microseconds> clock(time - day);
  char text[64];
  const int length = std::snprintf(
      text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return std::string(text, static_cast<std::size_t>(length));
}

}  // namespace sluice::api
