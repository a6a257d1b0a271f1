// sluiced: reads the command line and the configuration, runs the daemon until a signal says stop.
#include <CLI/CLI.hpp>

#include "daemon/command_line.h"

int main(int argc, char** argv) {
  CLI::App app{"Sluice decides, for every query, which model tier should answer it, and learns."};
  sluice::daemon::CommandLine line;
  app.add_option("--config", line.config, "Configuration file (TOML); without it, defaults");
  app.add_option("--data-dir", line.data_directory, "Directory of the event log");
  app.add_option("--listen", line.listen, "Data plane as HOST:PORT; port 0 means any free port");
  app.add_option("--admin-listen", line.admin_listen, "Admin plane as HOST:PORT");
  app.add_flag("--check-config", line.check_config, "Check the configuration and exit");
  app.add_flag("--print-config", line.print_config, "Print the configuration in force and exit");
  app.set_version_flag("--version", std::string("sluiced ") + SLUICE_VERSION);
  CLI11_PARSE(app, argc, argv);
  return sluice::daemon::Run(line);
}
