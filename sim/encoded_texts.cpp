#include "sim/encoded_texts.h"

#include <optional>

#include "sim/process.h"

namespace sluice::sim {
namespace {

using policy::ContextBuilder;

void Append(std::string& bytes, std::size_t number) {
  bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
}

// Everything that a fit depends on. Nothing where the rows are not texts.
std::optional<std::string> KeyOf(std::span<const ContextBuilder::Raw> raws,
                                 const policy::ContextMapOptions& options) {
  std::string key;
  Append(key, options.components);
  Append(key, options.version);
  for (const ContextBuilder::Raw& raw : raws) {
    const auto* text = std::get_if<ContextBuilder::RawText>(&raw);
    if (text == nullptr) return std::nullopt;
    const std::string grams = policy::EncodeGrams(text->grams);
    Append(key, grams.size());
    key += grams;
  }
  return key;
}

}  // namespace

EncodedTexts::EncodedTexts(const std::vector<Task>& tasks, const config::RouterOptions& router)
    : gram_seed_(GramSeedOf(router)) {
  const ContextBuilder builder(router.context, gram_seed_);
  for (const Task& task : tasks) {
    if (texts_.contains(task.text)) continue;
    texts_.emplace(task.text, builder.Encode(task.text, ContextBuilder::Part::kBoth));
  }
}

const policy::TextEncoding* EncodedTexts::Find(std::string_view text,
                                               std::uint32_t gram_seed) const {
  if (gram_seed != gram_seed_) return nullptr;
  const auto found = texts_.find(text);
  return found == texts_.end() ? nullptr : &found->second;
}

std::shared_ptr<const policy::ContextMap> EncodedTexts::FitMap(
    std::span<const ContextBuilder::Raw> raws, const policy::ContextMapOptions& options) const {
  const auto key = KeyOf(raws, options);
  if (!key) return policy::FitContextMap(raws, options);
  std::shared_ptr<Fitted> fitted;
  {
    const std::lock_guard lock(mutex_);
    auto& known = maps_[*key];
    if (known == nullptr) known = std::make_shared<Fitted>();
    fitted = known;
  }
  std::call_once(fitted->once, [&] { fitted->map = policy::FitContextMap(raws, options); });
  return fitted->map;
}

}  // namespace sluice::sim
