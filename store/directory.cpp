#include "store/directory.h"

#include <array>
#include <cerrno>
#include <ctime>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sluice::store {
namespace {

constexpr mode_t kOwnerOnlyDirectory = 0700;
constexpr mode_t kOwnerOnlyFile = 0600;
constexpr char kHolderFile[] = "holder";

Error SystemError(const std::string& what, int error) {
  return Error{Code::kIo, what + ": " + std::generic_category().message(error)};
}

// A new name in a directory is on disk only after the directory itself was synced.
Result<Done> SyncDirectory(const std::filesystem::path& directory) {
  const int file = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return SystemError("cannot open directory " + directory.string(), errno);
  const int synced = ::fsync(file);
  const int error = errno;
  ::close(file);
  if (synced != 0) return SystemError("cannot sync directory " + directory.string(), error);
  return Done{};
}

std::string UtcNow() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

std::string ReadHolder(int file) {
  std::array<char, 128> text{};
  const ssize_t size = ::pread(file, text.data(), text.size(), 0);
  std::string holder(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  while (!holder.empty() && holder.back() == '\n') holder.pop_back();
  return holder.empty() ? "another process" : holder;
}

Result<Done> WriteHolder(int file) {
  const std::string holder =
      "process " + std::to_string(::getpid()) + ", started " + UtcNow() + "\n";
  const auto size = static_cast<ssize_t>(holder.size());
  if (::ftruncate(file, 0) != 0 || ::pwrite(file, holder.data(), holder.size(), 0) != size) {
    return SystemError("cannot write the holder's file", errno);
  }
  return Done{};
}

}  // namespace

Result<Done> MakeDirectories(const std::string& directory) {
  const std::filesystem::path whole = std::filesystem::path(directory).lexically_normal();
  std::filesystem::path made;
  for (const auto& part : whole) {
    const std::filesystem::path parent = made.empty() ? "." : made;
    made /= part;
    if (::mkdir(made.c_str(), kOwnerOnlyDirectory) == 0) {
      if (auto synced = SyncDirectory(parent); !synced.ok()) return synced;
    } else if (errno != EEXIST) {
      const int error = errno;
      std::error_code ignored;
      // A parent that cannot be written to, but is there, is no obstacle.
      if (!std::filesystem::is_directory(made, ignored)) {
        return SystemError("cannot make directory " + made.string(), error);
      }
    }
  }
  std::error_code ignored;
  if (!std::filesystem::is_directory(whole, ignored)) {
    return Error{Code::kIo, whole.string() + " is not a directory"};
  }
  return Done{};
}

Result<DirectoryHold> DirectoryHold::Take(const std::string& directory) {
  const std::string path = directory + "/" + kHolderFile;
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kOwnerOnlyFile);
  if (file < 0) return SystemError("cannot open " + path, errno);
  DirectoryHold hold(file);
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return SystemError("cannot lock " + path, errno);
    return Error{Code::kHeld, "the directory " + directory + " is held by " + ReadHolder(file)};
  }
  if (auto written = WriteHolder(file); !written.ok()) return written.error();
  return hold;
}

DirectoryHold::DirectoryHold(DirectoryHold&& other) noexcept
    : file_(std::exchange(other.file_, -1)) {}

DirectoryHold::~DirectoryHold() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace sluice::store
