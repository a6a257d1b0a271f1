// Holds the include table and the marks of style against the tree, in every run of ctest.
//
//   tidy ROOT         prints file:line: what, one line a finding; exit 1 when there is any
//   tidy --self-test  shows on small wrong trees that every rule can fail
#include <cstdio>
#include <string_view>

#include "tests/tidy/tree.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: tidy ROOT | --self-test\n", stderr);
    return 2;
  }
  if (std::string_view(argv[1]) == "--self-test") return sluice::tidy::SelfTest() ? 0 : 1;

  const sluice::tidy::Tree tree = sluice::tidy::LoadTree(argv[1]);
  const sluice::tidy::Findings findings =
      sluice::tidy::CheckAll(tree, sluice::tidy::ProjectExceptions());
  for (const auto& finding : findings) {
    std::printf("%s:%zu: %s\n", finding.path.c_str(), finding.line, finding.text.c_str());
  }
  std::printf("%zu files read, %zu findings\n", tree.files.size(), findings.size());
  return findings.empty() && !tree.files.empty() ? 0 : 1;
}
