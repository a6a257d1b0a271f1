#include "config/suggest.h"

#include <algorithm>
#include <vector>

#include "config/format.h"
#include "config/layout.h"

namespace sluice::config {

namespace {

constexpr std::string_view kLater[] = {"cascade", "encoder",  "key",         "keys",
                                       "limits",  "pins",     "replication", "retention_days",
                                       "session", "sessions", "webhook",     "webhooks"};

// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
std::size_t Slips(std::string_view a, std::string_view b) {
  const std::size_t columns = b.size() + 1;
  std::vector<std::size_t> cost((a.size() + 1) * columns);
  const auto at = [&](std::size_t i, std::size_t j) -> std::size_t& {
    return cost[i * columns + j];
  };
  for (std::size_t i = 0; i <= a.size(); ++i) at(i, 0) = i;
  for (std::size_t j = 0; j <= b.size(); ++j) at(0, j) = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = at(i - 1, j - 1) + (a[i - 1] == b[j - 1] ? 0 : 1);
      at(i, j) = std::min({at(i - 1, j) + 1, at(i, j - 1) + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        at(i, j) = std::min(at(i, j), at(i - 2, j - 2) + 1);
      }
    }
  }
  return cost.back();
}

// Walks the layout and notes in which tables a key may stand, as "[store]" or "[[router.arm]]".
class Finder {
 public:
  Finder(std::string_view key, KeyKind kind) : key_(key), kind_(kind) {}

  template <typename Owner>
  void Fields(std::span<const Field<Owner>> rows, const Owner&, const Owner&) {
    for (const auto& row : rows) {
      if (!row.log_only) Note(row.key, KeyKind::kField);
    }
  }
  template <typename Body>
  void Table(const config::Table& table, Body&& body) {
    Enter(table.key, "[", "]", body);
  }
  template <typename Owners, typename Body>
  void Tables(const config::Table& table, std::size_t, const Owners&, Body&& body) {
    typename Owners::value_type owner;
    Enter(table.key, "[[", "]]", [&] { body(owner); });
  }

  const std::vector<std::string>& places() const { return places_; }

 private:
  template <typename Body>
  void Enter(std::string_view key, std::string_view open, std::string_view close, Body&& body) {
    Note(key, KeyKind::kTable);
    const std::string path = path_;
    const std::string header = header_;
    path_ = JoinPath(path, key);
    header_ = std::string(open).append(path_).append(close);
    body();
    path_ = path;
    header_ = header;
  }
  void Note(std::string_view key, KeyKind kind) {
    if (key == key_ && kind == kind_) places_.push_back(header_);
  }

  std::string_view key_;
  KeyKind kind_;
  std::string path_;
  std::string header_ = "the top of the file";
  std::vector<std::string> places_;
};

std::string Join(const auto& texts, std::string_view separator) {
  std::string joined;
  for (const auto& text : texts) {
    if (!joined.empty()) joined += separator;
    joined += text;
  }
  return joined;
}

}  // namespace

bool IsLater(std::string_view key) {
  return std::ranges::find(kLater, key) != std::end(kLater);
}

std::string_view Nearest(std::string_view word, std::span<const std::string_view> names) {
  constexpr std::size_t kWordMax = 64;
  if (word.size() > kWordMax) return {};
  std::string_view nearest;
  std::size_t fewest = std::clamp<std::size_t>(word.size() / 3, 1, 3) + 1;
  for (const std::string_view name : names) {
    const std::size_t slips = Slips(word, name);
    if (slips < fewest) {
      fewest = slips;
      nearest = name;
    }
  }
  return nearest;
}

std::string RefuseKey(std::string_view key, KeyKind kind, std::string_view table,
                      std::span<const std::string_view> known) {
  if (IsLater(key)) return "not supported by this version";
  Finder finder(key, kind);
  const Options defaults = Defaults();
  Walk(finder, defaults);
  if (!finder.places().empty())
    return "unknown here; it belongs to " + Join(finder.places(), " or ");
  const std::string_view nearest = Nearest(key, known);
  if (!nearest.empty()) return "unknown; did you mean " + std::string(nearest) + "?";
  const std::string where = table.empty() ? "at the top" : "in " + std::string(table);
  return "unknown; " + where + " may stand " + Join(known, ", ");
}

}  // namespace sluice::config
