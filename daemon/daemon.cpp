#include "daemon/daemon.h"

#include <algorithm>
#include <random>
#include <stdexcept>
#include <thread>
#include <utility>

#include <spdlog/spdlog.h>

#include "api/admin_plane.h"
#include "api/data_plane.h"
#include "daemon/learner.h"
#include "daemon/metrics.h"
#include "daemon/router.h"

namespace sluice::daemon {

namespace {

using store::Code;
using store::Done;
using store::Error;
using store::Result;

constexpr std::chrono::seconds kFoldPatience{30};

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

  // The records that bring `routers` into force after what the log says now; none when it says so
  // already.
  Result<std::vector<store::RouterRecord>> Changes(
      const std::vector<config::RouterOptions>& routers) const;
  // One after another, each synced; an Error says how many stand in the log.
  Result<Done> Append(std::vector<store::RouterRecord> records);
  // Until the learner has folded what the log holds at the call.
  Result<Done> WaitFolded() const;
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
  std::unique_ptr<Router> router;
  std::unique_ptr<api::HttpServer> admin;
  std::unique_ptr<api::HttpServer> data;
  bool running = false;
};

Daemon::Daemon(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Daemon::~Daemon() {
  Stop(std::chrono::milliseconds(0));
}

// The object graph, in one place.
Result<std::unique_ptr<Daemon>> Daemon::Build(const config::Options& options) {
  auto impl = std::make_unique<Impl>(options);
  auto opened = store::OpenStore(options.store);
  if (!opened.ok()) return opened.error();
  impl->store = *std::move(opened);
  impl->board = std::make_unique<SnapshotBoard>(impl->data_options.threads);
  impl->ids = std::make_unique<IdSource>(options.node, SystemSeed());
  impl->learner = std::make_unique<Learner>(*impl->store, *impl->board, impl->metrics,
                                            options.learner, impl->clock);
  Impl* const parts = impl.get();
  impl->router = std::make_unique<Router>(Router::Parts{
      .store = *impl->store,
      .board = *impl->board,
      .learner = *impl->learner,
      .metrics = impl->metrics,
      .ids = *impl->ids,
      .clock = impl->clock,
      .node = options.node,
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
  auto changes = Changes(options.routers);
  if (!changes.ok()) return changes.error();
  if (auto appended = Append(*std::move(changes)); !appended.ok()) return appended.error();
  if (auto folded = learner->Step(); !folded.ok()) return folded.error();
  return router->Recover();
}

void Daemon::Impl::Bind() {
  data = std::make_unique<api::HttpServer>(data_options, api::MakeDataPlane(*router));
  api::ServerOptions admin_options = options.admin_plane;
  admin_options.threads = 1;
  admin = std::make_unique<api::HttpServer>(admin_options, api::MakeAdminPlane(*router));
}

Result<std::vector<store::RouterRecord>> Daemon::Impl::Changes(
    const std::vector<config::RouterOptions>& routers) const {
  const auto snapshot = board->Latest();
  std::vector<store::RouterRecord> changes;
  auto next_id = static_cast<std::uint32_t>(snapshot->routers.size());
  for (const config::RouterOptions& wanted : routers) {
    const RouterView* known = snapshot->Find(wanted.name);
    const RouterDefinition* previous = known == nullptr ? nullptr : known->definition.get();
    auto record = MakeRecord(wanted, previous == nullptr ? next_id++ : previous->id, previous);
    if (!record.ok()) return record.error();
    record->time_us = clock();
    const bool same = previous != nullptr && previous->active &&
                      config::PrintRouter(previous->options) == record->definition;
    if (!same) changes.push_back(*std::move(record));
  }
  if (next_id > config::kRoutersMax) {
    return Error{Code::kFormat, "the log would hold more than " +
                                    std::to_string(config::kRoutersMax) +
                                    " routers over its life; start with a new store.directory"};
  }
  for (const RouterView& known : snapshot->routers) {
    const bool wanted = std::any_of(routers.begin(), routers.end(), [&](const auto& router) {
      return router.name == known.definition->name();
    });
    if (wanted || !known.definition->active) continue;
    auto record =
        MakeRecord(known.definition->options, known.definition->id, known.definition.get());
    if (!record.ok()) return record.error();
    record->time_us = clock();
    record->active = false;
    changes.push_back(*std::move(record));
  }
  return changes;
}

Result<Done> Daemon::Impl::Append(std::vector<store::RouterRecord> records) {
  for (std::size_t i = 0; i < records.size(); ++i) {
    spdlog::info("router '{}': {}", records[i].name,
                 records[i].active ? "definition goes into force" : "no longer configured");
    auto appended = store->AppendRouter(std::move(records[i]));
    if (!appended.ok()) {
      return Error{appended.error().code,
                   std::to_string(i) + " of " + std::to_string(records.size()) +
                       " changed routers are in the log: " + appended.error().message};
    }
  }
  return Done{};
}

Result<Done> Daemon::Impl::WaitFolded() const {
  const store::Position end = store->last_position();
  const auto deadline = std::chrono::steady_clock::now() + kFoldPatience;
  while (learner->Report().applied < end) {
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
  impl_->admin->Start();
  impl_->data->Start();
  impl_->running = true;
}

std::uint16_t Daemon::data_port() const {
  return impl_->data->port();
}
std::uint16_t Daemon::admin_port() const {
  return impl_->admin->port();
}

Result<std::vector<std::string>> Daemon::Reload(const config::Options& options) {
  // What differs is told from what is in force, so a change that is still on its way comes first,
  // one whose writer was told of a fault and that stands all the same included.
  if (auto folded = impl_->WaitFolded(); !folded.ok()) return folded.error();
  auto changes = impl_->Changes(options.routers);
  if (!changes.ok()) return changes.error();
  if (auto appended = impl_->Append(*std::move(changes)); !appended.ok()) return appended.error();
  if (auto folded = impl_->WaitFolded(); !folded.ok()) return folded.error();
  impl_->metrics.ConfigReloaded(true);
  return config::RestartDifferences(impl_->options, options);
}

void Daemon::ReloadRefused() {
  impl_->metrics.ConfigReloaded(false);
}

void Daemon::Stop(std::chrono::milliseconds grace) {
  if (!impl_->running) return;
  impl_->running = false;
  impl_->router->Drain();
  impl_->data->Stop(grace);
  impl_->learner->Stop();
  impl_->admin->Stop(std::chrono::milliseconds(500));
  impl_->store.reset();
}

}  // namespace sluice::daemon
