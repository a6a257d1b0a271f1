#include "sim/progress.h"

#include <utility>

#include <unistd.h>

namespace sluice::sim {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kQuiet{2};
constexpr std::chrono::milliseconds kRedraw{100};  // on a terminal
constexpr std::chrono::seconds kNextLine{2};       // elsewhere
constexpr std::size_t kBarWidth = 32;

}  // namespace

Progress::Progress(std::FILE* out, std::string label, std::size_t total)
    : out_(out),
      label_(std::move(label)),
      total_(total),
      terminal_(out != nullptr && isatty(fileno(out)) == 1),
      start_(steady_clock::now()),
      drawn_(start_) {}

Progress::~Progress() {
  if (!shown_) return;
  if (done_ > 0 && done_ == total_) Draw(steady_clock::now());
  if (terminal_) std::fputc('\n', out_);
}

void Progress::Add(std::size_t done) {
  if (out_ == nullptr) return;
  const std::lock_guard lock(mutex_);
  done_ += done;
  const auto now = steady_clock::now();
  if (now - start_ < kQuiet) return;
  if (shown_ && (terminal_ ? now - drawn_ < kRedraw : now - drawn_ < kNextLine)) return;
  Draw(now);
}

void Progress::Draw(Time now) {
  const double share = total_ == 0 ? 1 : static_cast<double>(done_) / static_cast<double>(total_);
  const double elapsed_s = std::chrono::duration<double>(now - start_).count();
  const double left_s = share > 0 ? elapsed_s * (1 - share) / share : 0;
  const auto full = static_cast<std::size_t>(share * kBarWidth);
  const std::string bar = std::string(full, '#') + std::string(kBarWidth - full, '.');
  std::fprintf(out_, "%s%s [%s] %zu/%zu, %.0f s left%s", terminal_ ? "\r" : "", label_.c_str(),
               bar.c_str(), done_, total_, left_s, terminal_ ? "   " : "\n");
  std::fflush(out_);
  drawn_ = now;
  shown_ = true;
}

}  // namespace sluice::sim
