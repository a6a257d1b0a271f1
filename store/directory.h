// The store's directory: made with its parents, and held by one process at a time. Private to
// store/.
#pragma once

#include <string>

#include "store/status.h"

namespace sluice::store {

// Makes the directory and its missing parents, readable by the owner alone, so that they survive a
// power cut.
Result<Done> MakeDirectories(const std::string& directory);

// The right to use a directory, from Take to the destructor. It is a lock of the operating system,
// so a process that dies gives it back.
class DirectoryHold {
 public:
  // kHeld names the process that has it, from the file that process wrote.
  static Result<DirectoryHold> Take(const std::string& directory);

  DirectoryHold(DirectoryHold&& other) noexcept;
  DirectoryHold& operator=(DirectoryHold&&) = delete;
  ~DirectoryHold();

 private:
  explicit DirectoryHold(int file) : file_(file) {}

  int file_;
};

}  // namespace sluice::store
