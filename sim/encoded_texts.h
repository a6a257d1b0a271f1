// The texts of a data set, encoded once, and the context maps that were fitted on some of them: a
// sweep of policies, budgets and orders over the same rows pays for neither again, and every choice
// stays what it was. Any thread.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/config.h"
#include "policy/context.h"
#include "sim/environment.h"

namespace sluice::sim {

class EncodedTexts final : public policy::EncodingMemory {
 public:
  // Encodes for routers whose contexts are as `router` says.
  explicit EncodedTexts(const std::vector<Task>& tasks, const config::RouterOptions& router = {});

  const policy::TextEncoding* Find(std::string_view text, std::uint32_t gram_seed) const override;
  std::shared_ptr<const policy::ContextMap> FitMap(
      std::span<const policy::ContextBuilder::Raw> raws,
      const policy::ContextMapOptions& options) const override;

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  // Fitted by whoever asks first; the others wait.
  struct Fitted {
    std::once_flag once;
    std::shared_ptr<const policy::ContextMap> map;
  };

  // Constant after construction.
  std::uint32_t gram_seed_;
  std::unordered_map<std::string, policy::TextEncoding, Hash, std::equal_to<>> texts_;

  mutable std::mutex mutex_;
  mutable std::map<std::string, std::shared_ptr<Fitted>>
      maps_;  // by what they are fitted on; guarded by mutex_
};

}  // namespace sluice::sim
