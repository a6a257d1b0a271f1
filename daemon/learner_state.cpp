// The learner's folded state as bytes, for checkpoints and for comparing two folds:
// [u32 format | u64 position | 16 bytes newest decision | u32 routers], then the routers' folds
// (router_fold_bytes.cpp). Little-endian.
#include <string>
#include <string_view>
#include <utility>

#include "daemon/learner.h"
#include "store/bytes.h"

namespace sluice::daemon {

namespace {

constexpr std::uint32_t kStateFormat = 5;

}  // namespace

std::string Learner::State() const {
  store::ByteWriter out(1024);
  out.Put(kStateFormat);
  out.Put(position_);
  out.PutRaw(newest_decision_.bytes.data(), newest_decision_.bytes.size());
  out.PutCount(routers_.size());
  for (const auto& router : routers_) router->Serialise(out);
  return std::move(out).Take();
}

// False when the bytes are not whole or their parts do not fit each other; the state is then to be
// Reset.
bool Learner::RestoreState(std::string_view bytes) {
  store::ByteReader in(bytes);
  if (in.Get<std::uint32_t>() != kStateFormat) return false;
  position_ = in.Get<store::Position>();
  in.GetRaw(newest_decision_.bytes.data(), newest_decision_.bytes.size());
  const std::size_t routers = in.GetCount(1);
  if (routers > config::kRoutersMax) return false;
  for (std::size_t i = 0; i < routers; ++i) {
    routers_.push_back(std::make_unique<RouterFold>(store_, memory_));
    if (!routers_.back()->Restore(in) || routers_.back()->definition().id != i) return false;
  }
  return in.Finished();
}

void Learner::Reset() {
  routers_.clear();
  live_ = false;
  position_ = 0;
  newest_decision_ = {};
  contributions_ = 0;
  for (Recent& recent : recent_) recent = Recent();
  changed_ = true;
}

}  // namespace sluice::daemon
