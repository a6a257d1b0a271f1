#include "sim/world_file_keys.h"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace sluice::sim {
namespace {

std::string Short(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", number);
  return text;
}

std::string Join(std::span<const std::string_view> texts, std::string_view quote) {
  std::string joined;
  for (const std::string_view text : texts) {
    if (!joined.empty()) joined += ", ";
    joined.append(quote).append(text).append(quote);
  }
  return joined;
}

}  // namespace

void WorldKeys::Number(std::string_view key, double least, double most, double& value) {
  const toml::node* node = Take(key);
  if (node == nullptr) return;
  const auto number = node->value<double>();
  if (!node->is_number() || !(*number >= least && *number <= most)) {
    return Complain(key, "must be a number, " + Short(least) + ".." + Short(most));
  }
  value = *number;
}

void WorldKeys::Whole(std::string_view key, std::size_t least, std::size_t most,
                      std::size_t& value) {
  const toml::node* node = Take(key);
  if (node == nullptr) return;
  const auto* whole = node->as_integer();
  if (whole == nullptr || std::cmp_less(whole->get(), least) ||
      std::cmp_greater(whole->get(), most)) {
    return Complain(key,
                    "must be an integer, " + std::to_string(least) + ".." + std::to_string(most));
  }
  value = static_cast<std::size_t>(whole->get());
}

void WorldKeys::Flag(std::string_view key, bool& value) {
  const toml::node* node = Take(key);
  if (node == nullptr) return;
  if (!node->is_boolean()) return Complain(key, "must be true or false");
  value = node->as_boolean()->get();
}

void WorldKeys::Text(std::string_view key, std::string& value) {
  const toml::node* node = Take(key);
  if (node == nullptr) return;
  if (!node->is_string() || node->as_string()->get().empty()) {
    return Complain(key, "must be a text that is not empty");
  }
  value = node->as_string()->get();
}

std::optional<std::size_t> WorldKeys::IndexIn(std::string_view key,
                                              std::span<const std::string_view> names) {
  const toml::node* node = Take(key);
  if (node == nullptr) return std::nullopt;
  const auto found = std::ranges::find(names, node->value_or(std::string_view{}));
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  Complain(key, "must be one of " + Join(names, "\""));
  return std::nullopt;
}

std::vector<WorldKeys> WorldKeys::Tables(std::string_view key) {
  std::vector<WorldKeys> tables;
  const toml::node* node = Take(key);
  if (node == nullptr) return tables;
  if (!node->is_array_of_tables()) {
    Complain(key, "must be tables, each headed [[" + PathOf(key) + "]]");
    return tables;
  }
  for (const toml::node& table : *node->as_array()) {
    const std::string path = PathOf(key) + "[" + std::to_string(tables.size()) + "]";
    tables.emplace_back(*table.as_table(), path, file_, problems_);
  }
  return tables;
}

std::optional<WorldKeys> WorldKeys::Table(std::string_view key) {
  const toml::node* node = Take(key);
  if (node == nullptr) return std::nullopt;
  if (node->is_table()) return WorldKeys(*node->as_table(), PathOf(key), file_, problems_);
  Complain(key, "must be a table, headed [" + PathOf(key) + "]");
  return std::nullopt;
}

bool WorldKeys::Require(std::string_view key) {
  if (Has(key)) return true;
  known_.push_back(key);
  Complain(key, "is missing");
  return false;
}

void WorldKeys::Complain(std::string_view key, std::string text) {
  problems_.push_back(
      {.file = file_, .line = LineOf(key), .field = PathOf(key), .text = std::move(text)});
}

void WorldKeys::RefuseOthers() {
  for (const auto& [key, node] : table_) {
    if (std::ranges::find(known_, key.str()) != known_.end()) continue;
    Complain(key.str(), "unknown; here may stand " + Join(known_, ""));
  }
}

const toml::node* WorldKeys::Take(std::string_view key) {
  known_.push_back(key);
  return table_.get(key);
}

std::string WorldKeys::PathOf(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

// Of the key, or of the table that it should stand in.
int WorldKeys::LineOf(std::string_view key) const {
  const auto found = table_.find(key);
  const auto& source = found == table_.end() ? table_.source() : found->first.source();
  return static_cast<int>(source.begin.line);
}

}  // namespace sluice::sim
