#include "daemon/daemon.h"

#include <algorithm>
#include <atomic>
#include <random>
#include <stdexcept>
#include <thread>
#include <utility>

#include <spdlog/spdlog.h>

#include "api/admin_plane.h"
#include "api/data_plane.h"
#include "daemon/changes.h"
#include "daemon/learner.h"
#include "daemon/metrics.h"
#include "daemon/router.h"

namespace sluice::daemon {

namespace {

using store::Code;
using store::Done;
using store::Error;
using store::Result;

// Who folds: the thread that builds, the learner, nobody.
enum class Phase { kBuilding, kRunning, kStopping };

constexpr std::chrono::seconds kFoldPatience{30};
constexpr std::size_t kAdminBodyBytesMax = 16 << 20;

std::uint64_t SystemSeed() {
  std::random_device device;
  return static_cast<std::uint64_t>(device()) << 32 | device();
}

// One io_context a core unless the file says otherwise.
api::ServerOptions Resolved(api::ServerOptions options) {
  if (options.threads == 0) {
    options.threads = std::max<std::size_t>(1, std::thread::hardware_concurrency());
  }
  return options;
}

}  // namespace

// Fields stand in the order in which they are built; they are torn down in reverse.
struct Daemon::Impl {
  explicit Impl(const config::Options& given)
      : options(given), data_options(Resolved(given.data_plane)), metrics(data_options.threads) {}

  // Until the learner has folded what the log holds at the call.
  Result<Done> WaitFolded();
  Result<Done> Recover();
  void Bind();

  config::Options options;
  api::ServerOptions data_options;
  Clock clock = SystemClock();
  daemon::Metrics metrics;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<SnapshotBoard> board;
  std::unique_ptr<IdSource> ids;
  std::unique_ptr<Learner> learner;
  std::unique_ptr<Changes> changes;
  std::unique_ptr<Router> router;
  std::unique_ptr<api::HttpServer> admin;
  std::unique_ptr<api::HttpServer> data;
  std::atomic<Phase> phase = Phase::kBuilding;
};

Daemon::Daemon(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Daemon::~Daemon() {
  Stop(std::chrono::milliseconds(0));
}

// The object graph, in one place.
Result<std::unique_ptr<Daemon>> Daemon::Build(const config::Options& options,
                                              const ReadAgain& read_again) {
  auto impl = std::make_unique<Impl>(options);
  auto opened = store::OpenStore(options.store);
  if (!opened.ok()) return opened.error();
  impl->store = *std::move(opened);
  impl->board = std::make_unique<SnapshotBoard>(impl->data_options.threads);
  impl->ids = std::make_unique<IdSource>(options.node, SystemSeed());
  impl->learner = std::make_unique<Learner>(*impl->store, *impl->board, impl->metrics,
                                            options.learner, impl->clock);
  Impl* const parts = impl.get();
  impl->changes = std::make_unique<Changes>(
      Changes::Parts{.store = *impl->store,
                     .board = *impl->board,
                     .learner = *impl->learner,
                     .clock = impl->clock,
                     .wait_folded = [parts] { return parts->WaitFolded(); },
                     .read_again = read_again,
                     .gram_seed = static_cast<std::uint32_t>(SystemSeed())});
  impl->changes->StartedWith(options);
  impl->router = std::make_unique<Router>(Router::Parts{
      .store = *impl->store,
      .board = *impl->board,
      .learner = *impl->learner,
      .metrics = impl->metrics,
      .ids = *impl->ids,
      .clock = impl->clock,
      .node = options.node,
      .changes = impl->changes.get(),
      .planes = [parts]() -> std::vector<Gauges::Plane> {
        return {{"data", parts->data->counters()}, {"admin", parts->admin->counters()}};
      }});
  if (auto recovered = impl->Recover(); !recovered.ok()) return recovered.error();
  try {
    impl->Bind();
  } catch (const std::runtime_error& error) {
    return Error{Code::kIo, error.what()};
  }
  return std::unique_ptr<Daemon>(new Daemon(std::move(impl)));
}

Result<Done> Daemon::Impl::Recover() {
  if (auto folded = learner->Recover(); !folded.ok()) return folded.error();
  if (auto applied = changes->Apply(options.routers); !applied.ok()) return applied.error();
  return router->Recover();
}

void Daemon::Impl::Bind() {
  data = std::make_unique<api::HttpServer>(data_options, api::MakeDataPlane(*router));
  api::ServerOptions admin_options = options.admin_plane;
  admin_options.threads = 1;
  // What was learnt of an arm comes in as one body.
  admin_options.body_bytes_max = kAdminBodyBytesMax;
  admin_options.body_bytes_in_flight_max = 2 * kAdminBodyBytesMax;
  admin = std::make_unique<api::HttpServer>(admin_options, api::MakeAdminPlane(*router));
}

// Before the learner has a thread of its own, whoever waits folds.
Result<Done> Daemon::Impl::WaitFolded() {
  if (phase == Phase::kBuilding) {
    auto folded = learner->Step();
    return folded.ok() ? Result<Done>(Done{}) : folded.error();
  }
  if (phase == Phase::kStopping) return Error{Code::kUnavailable, "the daemon is stopping"};
  const store::Position end = store->last_position();
  const auto deadline = std::chrono::steady_clock::now() + kFoldPatience;
  while (learner->Report().applied < end) {
    if (phase == Phase::kStopping) return Error{Code::kUnavailable, "the daemon is stopping"};
    if (std::chrono::steady_clock::now() > deadline) {
      return Error{Code::kUnavailable,
                   "the learner has not reached the end of the log; what is in the log goes into "
                   "force when it does"};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return Done{};
}

void Daemon::Start() {
  impl_->learner->Start();
  impl_->phase = Phase::kRunning;
  impl_->admin->Start();
  impl_->data->Start();
}

std::uint16_t Daemon::data_port() const {
  return impl_->data->port();
}
std::uint16_t Daemon::admin_port() const {
  return impl_->admin->port();
}

Result<std::vector<api::ConfigChange>> Daemon::Reload(const config::Options& options) {
  auto changes = impl_->changes->Reload(options);
  if (!changes.ok()) return changes.error();
  impl_->metrics.ConfigReloaded(true);
  return changes;
}

void Daemon::ReloadRefused() {
  impl_->metrics.ConfigReloaded(false);
}

void Daemon::Stop(std::chrono::milliseconds grace) {
  if (impl_->phase != Phase::kRunning) return;
  impl_->phase = Phase::kStopping;
  impl_->router->Drain();
  impl_->data->Stop(grace);
  // Before the learner: whoever asks for a change may look into what it folds.
  impl_->admin->Stop(std::chrono::milliseconds(500));
  impl_->learner->Stop();
  impl_->store.reset();
}

}  // namespace sluice::daemon
