#include "config/config.h"

#include <cerrno>
#include <fstream>
#include <system_error>
#include <utility>

#include "config/findings.h"
#include "config/read.h"
#include "config/routers.h"

namespace sluice::config {

namespace {

std::vector<Problem> AboutFile(const std::string& path, std::string text) {
  return {Problem{.file = path, .line = 0, .field = "", .text = std::move(text)}};
}

std::string SystemReason() {
  return std::error_code(errno, std::generic_category()).message();
}

std::string TooLong() {
  return "must be at most " + std::to_string(kFileBytesMax) + " bytes long";
}

}  // namespace

std::string ToString(const Problem& problem) {
  std::string text = problem.file;
  if (problem.line > 0) text.append(":").append(std::to_string(problem.line));
  if (!text.empty()) text.append(": ");
  if (!problem.field.empty()) text.append(problem.field).append(": ");
  return text.append(problem.text);
}

Checked<Options> Parse(std::string_view toml, std::string_view file) {
  if (toml.size() > kFileBytesMax) return AboutFile(std::string(file), TooLong());
  Findings findings(file);
  Options options = Defaults();
  ReadOptions(toml, options, findings);
  CheckRules(options, findings);
  auto problems = findings.Problems();
  if (!problems.empty()) return problems;
  return options;
}

Checked<Options> Load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return AboutFile(path, "cannot be opened: " + SystemReason());
  // One byte more than may be there, so that a longer file is seen to be one.
  std::string text(kFileBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return AboutFile(path, "cannot be read: " + SystemReason());
  text.resize(static_cast<std::size_t>(file.gcount()));
  return Parse(text, path);
}

Checked<RouterOptions> ParseRouter(std::string_view toml) {
  if (toml.size() > kFileBytesMax) return AboutFile("router", TooLong());
  Findings findings("router", Origin::kLog);
  Options options = Defaults();
  options.routers.clear();
  ReadRouters(toml, {}, options.routers, findings);
  CheckRules(options, findings);
  auto problems = findings.Problems();
  if (!problems.empty()) return problems;
  if (options.routers.size() != 1) return AboutFile("router", "must hold one [[router]]");
  return std::move(options.routers.front());
}

Checked<std::vector<RouterOptions>> ParseRouters(std::string_view toml, std::string_view file,
                                                 std::span<const std::string_view> others) {
  if (toml.size() > kFileBytesMax) return AboutFile(std::string(file), TooLong());
  Findings findings(file);
  Options options = Defaults();
  options.routers.clear();
  ReadRouters(toml, others, options.routers, findings);
  CheckRules(options, findings);
  auto problems = findings.Problems();
  if (!problems.empty()) return problems;
  return std::move(options.routers);
}

}  // namespace sluice::config
