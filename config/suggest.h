// What an unknown key or name was probably meant to be. Private to config/.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sluice::config {

// Named by the documentation, brought by a later version.
bool IsLater(std::string_view key);

// The name that is few slips of the finger away; empty when none is.
std::string_view Nearest(std::string_view word, std::span<const std::string_view> names);

// What an unknown key heads or holds.
enum class KeyKind { kField, kTable };

// Why a key that stands in `table` (its path without indices, "" at the top) is refused.
// `known` are the keys that may stand there.
std::string RefuseKey(std::string_view key, KeyKind kind, std::string_view table,
                      std::span<const std::string_view> known);

}  // namespace sluice::config
