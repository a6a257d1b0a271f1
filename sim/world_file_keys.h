// The keys of one TOML table, each taken once with its bounds; what is wrong or left over becomes a
// problem with its line. Private to world_file*.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

#include "config/config.h"

namespace sluice::sim {

class WorldKeys {
 public:
  // Everything outlives the object; `path` is empty at the top of the file.
  WorldKeys(const toml::table& table, std::string path, const std::string& file,
            std::vector<config::Problem>& problems)
      : table_(table), path_(std::move(path)), file_(file), problems_(problems) {}

  // A key that is not there keeps what `value` is; one that is wrong as well.
  void Number(std::string_view key, double least, double most, double& value);
  void Whole(std::string_view key, std::size_t least, std::size_t most, std::size_t& value);
  void Flag(std::string_view key, bool& value);
  void Text(std::string_view key, std::string& value);  // not empty
  template <typename Enum>
  void Choice(std::string_view key, std::span<const std::string_view> names, Enum& value) {
    if (const auto index = IndexIn(key, names)) value = static_cast<Enum>(*index);
  }
  // Which of the names stands there.
  std::optional<std::size_t> IndexIn(std::string_view key, std::span<const std::string_view> names);

  // The tables below this one; none where there are none.
  std::vector<WorldKeys> Tables(std::string_view key);
  std::optional<WorldKeys> Table(std::string_view key);
  // Somebody else reads it.
  void Leave(std::string_view key) { known_.push_back(key); }

  // Whether the key is there; a problem when it is not.
  bool Require(std::string_view key);
  bool Has(std::string_view key) const { return table_.contains(key); }
  void Complain(std::string_view key, std::string text);
  // Every other key is a problem.
  void RefuseOthers();

 private:
  const toml::node* Take(std::string_view key);
  std::string PathOf(std::string_view key) const;
  int LineOf(std::string_view key) const;

  const toml::table& table_;
  const std::string path_;
  const std::string& file_;
  std::vector<config::Problem>& problems_;
  std::vector<std::string_view> known_;
};

}  // namespace sluice::sim
