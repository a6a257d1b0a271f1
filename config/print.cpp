// Options to TOML, with a comment a field or bare.
#include <set>
#include <utility>

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
    case Effect::kRebuild:
      return "rebuild";
    case Effect::kNewRouter:
      return "only in a new router";
  }
  return "";
}

enum class Comments { kNo, kYes };

constexpr std::string_view kIntroduction =
    "Every field is optional. Above each stand what it is for; its bounds and unit, when a change "
    "takes effect (live: at SIGHUP; rebuild: at SIGHUP, what was learnt is folded again from the "
    "log; at restart; only in a new router), its default.";

class Printer {
 public:
  explicit Printer(Comments comments) : comments_(comments) {}

  template <typename Owner>
  void Fields(std::span<const Field<Owner>> rows, const Owner& owner, const Owner& standard) {
    for (const Field<Owner>& row : rows) {
      const Value value = row.at.get(owner);
      if (row.log_only && (comments_ == Comments::kYes || value == row.at.get(standard))) continue;
      Explain(row, row.at.get(standard));
      if (!absent_ && !(row.may_be_unset && IsUnset(value))) {
        text_ += std::string(row.key) + " = " + ToToml(row.shape, value) + "\n";
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
    if (owners.empty()) Mention<Owner>(table, bound, body);
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
      facts.append("; default ").append(ToToml(row.shape, standard));
    }
    text_ += Comment(row.doc) + Comment(facts);
  }

  // A table that is not there is shown in comments, so that its fields are known.
  template <typename Owner, typename Body>
  void Mention(const config::Table& table, std::size_t bound, Body&& body) {
    const std::string outer = path_;
    path_ = PathOf(table.key);
    if (FirstTime(path_)) {
      text_ += "\n" + Comment(std::string(table.doc) + " [none to " + std::to_string(bound) + "]");
      text_ += "# [[" + path_ + "]]\n";
      const bool outer_absent = std::exchange(absent_, true);
      const Owner silent;
      body(silent);
      absent_ = outer_absent;
    }
    path_ = outer;
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
  bool absent_ = false;  // what is walked is not there
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
