// Options to TOML, with a comment a field or bare.
#include <set>

#include "config/format.h"
#include "config/layout.h"

namespace sluice::config {

namespace {

constexpr std::size_t kCommentColumns = 98;

// "# ..." in lines of bounded length.
std::string Comment(std::string_view text) {
  std::string lines;
  std::string line = "#";
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (line.size() + 1 + end > kCommentColumns && line.size() > 1) {
      lines.append(line).append("\n");
      line = "#";
    }
    line.append(" ").append(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines + line + "\n";
}

std::string_view EffectText(Effect effect) {
  switch (effect) {
    case Effect::kLive:
      return "live";
    case Effect::kRestart:
      return "at restart";
    case Effect::kNewRouter:
      return "only in a new router";
  }
  return "";
}

std::string TomlKey(std::string_view key) {
  constexpr std::string_view kBare =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  if (!key.empty() && key.find_first_not_of(kBare) == std::string_view::npos) {
    return std::string(key);
  }
  return Quote(key);
}

struct Writer {
  const Shape& shape;

  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const {
    const auto* choice = std::get_if<Choice>(&shape);
    return choice ? Quote(choice->names[static_cast<std::size_t>(value)]) : std::to_string(value);
  }
  std::string operator()(double value) const { return FormatTomlNumber(value); }
  std::string operator()(const std::string& value) const { return Quote(value); }
  std::string operator()(const std::vector<std::string>& values) const {
    std::string text;
    for (const std::string& value : values) text += (text.empty() ? "" : ", ") + Quote(value);
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

bool IsUnset(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  const auto* whole = std::get_if<std::int64_t>(&value);
  return (text != nullptr && text->empty()) || (whole != nullptr && *whole == 0);
}

enum class Comments { kNo, kYes };

constexpr std::string_view kIntroduction =
    "Every field is optional. Above each stand what it is for; its bounds and unit, when a change "
    "takes effect (live: at SIGHUP; at restart; only in a new router), its default.";

class Printer {
 public:
  explicit Printer(Comments comments) : comments_(comments) {}

  template <typename Owner>
  void Fields(std::span<const Field<Owner>> rows, const Owner& owner, const Owner& standard) {
    for (const Field<Owner>& row : rows) {
      const Value value = row.at.get(owner);
      Explain(row, row.at.get(standard));
      if (!(row.may_be_unset && IsUnset(value))) {
        text_ += std::string(row.key) + " = " + std::visit(Writer{row.shape}, value) + "\n";
      } else if (comments_ == Comments::kYes) {
        text_ += "# " + std::string(row.key) + " =\n";
      }
    }
  }

  template <typename Body>
  void Table(const config::Table& table, Body&& body) {
    In(table, "[", "]", body);
  }

  template <typename Owner, typename Body>
  void Tables(const config::Table& table, std::size_t bound, const std::vector<Owner>& owners,
              Body&& body) {
    if (owners.empty()) Mention(table, bound);
    for (const Owner& owner : owners) {
      In(table, "[[", "]]", [&] { body(owner); });
    }
  }

  const std::string& text() const { return text_; }

 private:
  // The comment above a field; only where it first stands, not again for every arm.
  template <typename Owner>
  void Explain(const Field<Owner>& row, const Value& standard) {
    if (!FirstTime(PathOf(row.key))) return;
    std::string facts = Describe(row.shape);
    if (!row.unit.empty()) facts.append(" ").append(row.unit);
    facts.append("; ").append(EffectText(row.effect));
    if (!row.required && !(row.may_be_unset && IsUnset(standard))) {
      facts.append("; default ").append(std::visit(Writer{row.shape}, standard));
    }
    text_ += Comment(row.doc) + Comment(facts);
  }

  // A table that is not there is shown as a comment, so that its existence is known.
  void Mention(const config::Table& table, std::size_t bound) {
    if (!FirstTime(PathOf(table.key))) return;
    text_ += "\n" + Comment(std::string(table.doc) + " [none to " + std::to_string(bound) + "]");
    text_ += "# [[" + PathOf(table.key) + "]]\n";
  }

  template <typename Body>
  void In(const config::Table& table, std::string_view open, std::string_view close, Body&& body) {
    const std::string outer = path_;
    path_ = PathOf(table.key);
    if (!text_.empty()) text_ += "\n";
    if (FirstTime(path_)) text_ += Comment(table.doc);
    text_ += std::string(open) + path_ + std::string(close) + "\n";
    body();
    path_ = outer;
  }

  bool FirstTime(const std::string& path) {
    return comments_ == Comments::kYes && explained_.insert(path).second;
  }
  std::string PathOf(std::string_view key) const { return JoinPath(path_, key); }

  Comments comments_;
  std::string text_;
  std::string path_;
  std::set<std::string> explained_;
};

}  // namespace

std::string Print(const Options& options) {
  Printer printer(Comments::kYes);
  Walk(printer, options);
  return Comment(kIntroduction) + "\n" + printer.text();
}

std::string PrintRouter(const RouterOptions& router) {
  Printer printer(Comments::kNo);
  const std::vector<RouterOptions> one{router};
  WalkRouters(printer, one);
  return printer.text();
}

}  // namespace sluice::config
