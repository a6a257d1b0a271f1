// The paths of a configuration's rows.
#pragma once

#include <set>
#include <span>
#include <string>
#include <variant>

#include "config/layout.h"

namespace sluice::config {

// Notes the path of every row whose shape is not a choice or an address.
struct Collector {
  std::set<std::string>& paths;
  std::string path;

  template <typename Owner>
  void Fields(std::span<const Field<Owner>> rows, const Owner&, const Owner&) {
    for (const Field<Owner>& row : rows) {
      const bool elsewhere = std::holds_alternative<Choice>(row.shape) ||
                             std::holds_alternative<Listen>(row.shape) ||
                             (std::holds_alternative<Name>(row.shape) && row.may_be_unset);
      if (!elsewhere) paths.insert(path + std::string(row.key));
    }
  }
  template <typename Body>
  void Table(const config::Table& table, Body&& body) {
    const std::string outer = path;
    path += std::string(table.key) + ".";
    body();
    path = outer;
  }
  template <typename Owners, typename Body>
  void Tables(const config::Table& table, std::size_t, const Owners&, Body&& body) {
    typename Owners::value_type owner;
    const std::string outer = path;
    path += std::string(table.key) + "[0].";
    body(owner);
    path = outer;
  }
};

}  // namespace sluice::config
