// Outcomes of operations on durable facts. "Absent" and "refused" are values in the return type of
// the call; an Error is what the outside broke (disk, directory, format), carried up unchanged.
#pragma once

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace sluice::store {

enum class Code {
  kIo,           // the disk said no; the operation may be tried again later
  kCorrupt,      // bytes that were written are not what is read
  kHeld,         // another process holds the directory
  kFormat,       // written by a version this one does not know
  kUnavailable,  // the store is closed or reopening after a fault
};

struct Error {
  Code code = Code::kIo;
  std::string message;  // for the operator: names files; never shown to callers on the data plane
};

// A value or an Error.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}
  Result(Error error) : state_(std::move(error)) {}

  bool ok() const { return std::holds_alternative<T>(state_); }
  explicit operator bool() const { return ok(); }
  T& value() & { return std::get<T>(state_); }
  const T& value() const& { return std::get<T>(state_); }
  T&& value() && { return std::get<T>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const { return std::get<Error>(state_); }

 private:
  std::variant<T, Error> state_;
};

struct Done {};  // Result<Done>: it worked, there is nothing to return

}  // namespace sluice::store
