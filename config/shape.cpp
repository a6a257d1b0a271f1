// Values against shapes: what is wrong, and what would be right.
#include <algorithm>
#include <cmath>
#include <utility>

#include "config/field.h"
#include "config/format.h"

namespace sluice::config {

namespace {

constexpr std::size_t kNameBytesMax = 128;               // as on the wire
constexpr std::int64_t kMomentMax = 253402300799999999;  // 9999-12-31T23:59:59.999999Z

bool IsName(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  return !text.empty() && text.size() <= kNameBytesMax && std::ranges::all_of(text, allowed);
}

bool IsLabel(std::string_view text) {
  const auto printable = [](char c) { return c >= ' ' && c <= '~'; };
  return !text.empty() && text.size() <= kNameBytesMax && text.front() != ' ' &&
         text.back() != ' ' && std::ranges::all_of(text, printable);
}

bool IsPath(std::string_view text) {
  const auto control = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  };
  return !text.empty() && text.size() <= kPathBytesMax && std::ranges::none_of(text, control);
}

std::string MustBe(const Shape& shape) {
  return "must be " + Describe(shape);
}

std::optional<std::string> LabelsComplaint(const std::vector<std::string>& labels) {
  if (labels.size() > kLabelsMax) return MustBe(Labels{});
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (!IsLabel(labels[i])) return MustBe(Labels{}) + "; not " + Quote(labels[i]);
    if (std::count(labels.begin(), labels.end(), labels[i]) > 1) {
      return MustBe(Labels{}) + "; " + Quote(labels[i]) + " stands there twice";
    }
  }
  return std::nullopt;
}

std::optional<std::string> NumbersComplaint(const Numbers& shape,
                                            const std::vector<double>& numbers) {
  if (numbers.size() > shape.size_max) {
    return MustBe(shape) + ", not " + std::to_string(numbers.size());
  }
  for (const double number : numbers) {
    if (number >= shape.min && number <= shape.max) continue;  // NaN is not
    return MustBe(shape) + "; not " + FormatNumber(number);
  }
  return std::nullopt;
}

std::optional<std::string> ScalarsComplaint(const Params& params) {
  if (params.size() > kParamsMax) return MustBe(Scalars{});
  for (const auto& [key, scalar] : params) {
    if (!IsLabel(key)) return MustBe(Scalars{}) + "; " + Quote(key) + " is no key for it";
    const auto* number = std::get_if<double>(&scalar);
    const auto* text = std::get_if<std::string>(&scalar);
    if ((number != nullptr && !std::isfinite(*number)) ||
        (text != nullptr && text->size() > kParamBytesMax)) {
      return MustBe(Scalars{}) + "; " + key + " is not";
    }
  }
  return std::nullopt;
}

std::optional<std::string> ListenComplaint(const std::string& text) {
  const auto parsed = ParseListen(text, "");
  if (const auto* problems = std::get_if<std::vector<Problem>>(&parsed)) {
    return problems->front().text;
  }
  return std::nullopt;
}

// One overload a shape; std::get throws if a value was read for another one, which is our bug.
struct Complainer {
  const Value& value;

  std::optional<std::string> operator()(const Whole& shape) const {
    const auto number = std::get<std::int64_t>(value);
    if (number >= shape.min && number <= shape.max) return std::nullopt;
    return MustBe(shape) + ", not " + std::to_string(number);
  }
  std::optional<std::string> operator()(const Number& shape) const {
    const auto number = std::get<double>(value);
    if (number >= shape.min && number <= shape.max) return std::nullopt;  // NaN is not
    return MustBe(shape) + ", not " + FormatNumber(number);
  }
  std::optional<std::string> operator()(const Choice& shape) const {
    const auto index = std::get<std::int64_t>(value);
    return Text(index >= shape.first && std::cmp_less(index - shape.first, shape.names.size()),
                shape);
  }
  std::optional<std::string> operator()(const Flag&) const {
    std::get<bool>(value);
    return std::nullopt;
  }
  std::optional<std::string> operator()(const Moment& shape) const {
    const auto since_epoch_us = std::get<std::int64_t>(value);
    return Text(since_epoch_us >= 0 && since_epoch_us <= kMomentMax, shape);
  }
  std::optional<std::string> operator()(const Name& shape) const {
    return Text(IsName(std::get<std::string>(value)), shape);
  }
  std::optional<std::string> operator()(const Label& shape) const {
    return Text(IsLabel(std::get<std::string>(value)), shape);
  }
  std::optional<std::string> operator()(const Path& shape) const {
    return Text(IsPath(std::get<std::string>(value)), shape);
  }
  std::optional<std::string> operator()(const Listen&) const {
    return ListenComplaint(std::get<std::string>(value));
  }
  std::optional<std::string> operator()(const Labels&) const {
    return LabelsComplaint(std::get<std::vector<std::string>>(value));
  }
  std::optional<std::string> operator()(const Numbers& shape) const {
    return NumbersComplaint(shape, std::get<std::vector<double>>(value));
  }
  std::optional<std::string> operator()(const Scalars&) const {
    return ScalarsComplaint(std::get<Params>(value));
  }

 private:
  static std::optional<std::string> Text(bool fits, const Shape& shape) {
    if (fits) return std::nullopt;
    return MustBe(shape);
  }
};

struct Describer {
  std::string operator()(const Whole& shape) const {
    return std::to_string(shape.min) + ".." + std::to_string(shape.max);
  }
  std::string operator()(const Number& shape) const {
    return FormatNumber(shape.min) + ".." + FormatNumber(shape.max);
  }
  std::string operator()(const Choice& shape) const {
    std::string text = "one of ";
    for (const std::string_view name : shape.names) {
      if (name != shape.names.front()) text += ", ";
      text += Quote(name);
    }
    return text;
  }
  std::string operator()(const Flag&) const { return "true or false"; }
  std::string operator()(const Moment&) const {
    return "a date and time with its offset, 2026-12-01T00:00:00Z, from 1970 on";
  }
  std::string operator()(const Name&) const { return "1..128 of A-Z a-z 0-9 . _ -"; }
  std::string operator()(const Label&) const {
    return "1..128 printable ASCII characters without a blank at either end";
  }
  std::string operator()(const Path&) const { return "a path of 1..4096 bytes"; }
  std::string operator()(const Listen&) const {
    return "\"HOST:PORT\" with a loopback host and port 0..65535";
  }
  std::string operator()(const Labels&) const {
    return "an array of at most 64 different texts, each 1..128 printable ASCII characters without "
           "a blank at either end";
  }
  std::string operator()(const Numbers& shape) const {
    return "an array of at most " + std::to_string(shape.size_max) + " numbers in " +
           FormatNumber(shape.min) + ".." + FormatNumber(shape.max);
  }
  std::string operator()(const Scalars&) const {
    return "an inline table of at most 32 booleans, integers, finite numbers or texts of at most "
           "1024 bytes";
  }
};

}  // namespace

std::optional<std::string> Complaint(const Shape& shape, const Value& value) {
  return std::visit(Complainer{value}, shape);
}

std::string Describe(const Shape& shape) {
  return std::visit(Describer{}, shape);
}

}  // namespace sluice::config
