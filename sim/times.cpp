#include "sim/times.h"

#include <charconv>
#include <chrono>
#include <cstdio>

namespace sluice::sim {
namespace {

using std::chrono::days;
using std::chrono::microseconds;
using std::chrono::sys_days;

constexpr std::int64_t kSecondUs = 1'000'000;

// Takes a number of so many digits and what must follow it.
class Reader {
 public:
  explicit Reader(std::string_view text) : left_(text) {}

  bool empty() const { return left_.empty(); }
  bool failed() const { return failed_; }

  int Number(std::size_t digits) {
    int number = 0;
    for (std::size_t i = 0; i < digits; ++i) number = number * 10 + Digit();
    return number;
  }

  bool TakeIf(std::string_view any_of) {
    if (left_.empty() || any_of.find(left_.front()) == std::string_view::npos) return false;
    taken_ = left_.front();
    left_.remove_prefix(1);
    return true;
  }
  void Expect(std::string_view any_of) { failed_ = !TakeIf(any_of) || failed_; }
  char taken() const { return taken_; }

  // Of a second, in microseconds.
  int Fraction() {
    int fraction = 0;
    int unit = kSecondUs;
    do {
      unit /= 10;
      fraction += unit * Digit();
    } while (!failed_ && unit > 1 && !left_.empty() && left_.front() >= '0' &&
             left_.front() <= '9');
    return fraction;
  }

 private:
  int Digit() {
    Expect("0123456789");
    return failed_ ? 0 : taken_ - '0';
  }

  std::string_view left_;
  char taken_ = 0;
  bool failed_ = false;
};

std::int64_t OffsetSeconds(Reader& in) {
  in.Expect("Zz+-");
  if (in.failed() || in.taken() == 'Z' || in.taken() == 'z') return 0;
  const int sign = in.taken() == '-' ? -1 : 1;
  const int hours = in.Number(2);
  in.Expect(":");
  return sign * (hours * 3600 + in.Number(2) * 60);
}

}  // namespace

std::optional<std::uint64_t> ParseTime(std::string_view text) {
  Reader in(text);
  const std::chrono::year year(in.Number(4));
  in.Expect("-");
  const std::chrono::month month(static_cast<unsigned>(in.Number(2)));
  in.Expect("-");
  const std::chrono::year_month_day date(year, month,
                                         std::chrono::day(static_cast<unsigned>(in.Number(2))));
  if (in.failed() || !date.ok() || year < std::chrono::year(1970)) return std::nullopt;
  std::int64_t time_us = microseconds(sys_days(date).time_since_epoch()).count();
  if (in.empty()) return static_cast<std::uint64_t>(time_us);
  in.Expect("Tt ");
  const int hours = in.Number(2);
  in.Expect(":");
  const int minutes = in.Number(2);
  in.Expect(":");
  const int seconds = in.Number(2);
  if (hours > 23 || minutes > 59 || seconds > 60) return std::nullopt;
  time_us += kSecondUs * (hours * 3600 + minutes * 60 + seconds);
  if (in.TakeIf(".")) time_us += in.Fraction();
  time_us -= kSecondUs * OffsetSeconds(in);
  if (in.failed() || !in.empty() || time_us < 0) return std::nullopt;
  return static_cast<std::uint64_t>(time_us);
}

std::string PrintTime(std::uint64_t time_us) {
  const microseconds since(static_cast<std::int64_t>(time_us));
  const auto day = std::chrono::floor<days>(since);
  const std::chrono::year_month_day date{sys_days(day)};
  const auto in_day_us = static_cast<long long>((since - day).count());
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02lld:%02lld:%02lld.%06lldZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), in_day_us / (3600 * kSecondUs),
                in_day_us / (60 * kSecondUs) % 60, in_day_us / kSecondUs % 60,
                in_day_us % kSecondUs);
  return text;
}

}  // namespace sluice::sim
