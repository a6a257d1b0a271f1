#include "daemon/command_line.h"

#include <chrono>
#include <csignal>
#include <functional>
#include <iostream>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "config/config.h"
#include "daemon/daemon.h"

namespace sluice::daemon {

namespace {

constexpr int kCannotStart = 1;
constexpr int kWrongConfiguration = 2;
constexpr std::chrono::milliseconds kDrainGrace{5000};

template <typename T>
using Checked = config::Checked<T>;
using Problems = std::vector<config::Problem>;

void Complain(const Problems& problems) {
  for (const config::Problem& problem : problems) {
    std::cerr << config::ToString(problem) << "\n";
  }
}

Problems Listen(const std::optional<std::string>& text, const std::string& flag,
                api::ServerOptions& plane) {
  if (!text) return {};
  auto parsed = config::ParseListen(*text, flag);
  if (auto* problems = std::get_if<Problems>(&parsed)) return std::move(*problems);
  std::tie(plane.host, plane.port) = std::get<std::pair<std::string, std::uint16_t>>(parsed);
  return {};
}

// The file (or the defaults) with the command line over it.
Checked<config::Options> Configuration(const CommandLine& line) {
  auto loaded = line.config.empty() ? Checked<config::Options>(config::Defaults())
                                    : config::Load(line.config);
  if (std::holds_alternative<Problems>(loaded)) return loaded;
  auto& options = std::get<config::Options>(loaded);
  if (line.data_directory) options.store.directory = *line.data_directory;
  Problems problems = Listen(line.listen, "--listen", options.data_plane);
  for (auto& problem : Listen(line.admin_listen, "--admin-listen", options.admin_plane)) {
    problems.push_back(std::move(problem));
  }
  if (!problems.empty()) return problems;
  return loaded;
}

void Reload(const CommandLine& line, Daemon& daemon) {
  const auto read = Configuration(line);
  if (const auto* problems = std::get_if<Problems>(&read)) {
    for (const auto& problem : *problems) spdlog::error("{}", config::ToString(problem));
    spdlog::error("reload refused; the configuration in force stays");
    return daemon.ReloadRefused();
  }
  const auto applied = daemon.Reload(std::get<config::Options>(read));
  if (!applied.ok()) {
    daemon.ReloadRefused();
    spdlog::error("reload not done: {}", applied.error().message);
    return;
  }
  for (const api::ConfigChange& change : *applied) {
    if (change.effect == "restart") {
      spdlog::warn("{} takes effect at the next start", change.field);
    } else {
      spdlog::info("{}: {} -> {}", change.field, change.from, change.to);
    }
  }
  spdlog::info("configuration reloaded");
}

// Signals are taken from here on, so that one that comes while the log is folded is not lost.
class Signals {
 public:
  Signals() : set_(io_, SIGTERM, SIGINT, SIGHUP) {}

  // Until SIGTERM or SIGINT; `reload` runs at each SIGHUP.
  void Wait(const std::function<void()>& reload) {
    Arm(reload);
    io_.run();
  }

 private:
  void Arm(const std::function<void()>& reload) {
    set_.async_wait([&](const boost::system::error_code& error, int signal) {
      if (error || signal != SIGHUP) return io_.stop();
      reload();
      Arm(reload);
    });
  }

  boost::asio::io_context io_;
  boost::asio::signal_set set_;
};

std::string Url(const std::string& host, std::uint16_t port) {
  const bool six = host.find(':') != std::string::npos;
  return "http://" + (six ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

int Serve(const CommandLine& line, const config::Options& options) {
  Signals signals;
  auto built = Daemon::Build(options, [&line] { return Configuration(line); });
  if (!built.ok()) {
    std::cerr << "sluiced cannot start: " << built.error().message << "\n";
    return kCannotStart;
  }
  Daemon& daemon = **built;
  daemon.Start();
  std::cout << "data plane   " << Url(options.data_plane.host, daemon.data_port()) << "\n"
            << "admin plane  " << Url(options.admin_plane.host, daemon.admin_port()) << std::endl;
  signals.Wait([&] { Reload(line, daemon); });
  spdlog::info("stopping: answering what is in flight, folding what was acknowledged");
  daemon.Stop(kDrainGrace);
  spdlog::info("stopped");
  return 0;
}

}  // namespace

int Run(const CommandLine& line) {
  spdlog::set_default_logger(spdlog::stderr_color_mt("sluiced"));
  auto read = Configuration(line);
  if (const auto* problems = std::get_if<Problems>(&read)) {
    Complain(*problems);
    return kWrongConfiguration;
  }
  const auto& options = std::get<config::Options>(read);
  if (line.print_config) {
    std::cout << config::Print(options);
    return 0;
  }
  if (line.check_config) {
    std::cout << "the configuration is good: " << options.routers.size() << " router(s)\n";
    return 0;
  }
  return Serve(line, options);
}

}  // namespace sluice::daemon
