// Fixed-width little-endian values in a run of bytes: the alphabet of everything on disk.
// Private to store/.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace sluice::store {

static_assert(std::endian::native == std::endian::little,
              "values are copied as they lie in memory");

class ByteWriter {
 public:
  explicit ByteWriter(std::size_t bytes_expected) { bytes_.reserve(bytes_expected); }

  template <typename T>
  void Put(T value) {
    static_assert(std::is_arithmetic_v<T> && !std::is_same_v<T, bool>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(T));
  }
  void PutBool(bool value) { Put<std::uint8_t>(value ? 1 : 0); }
  void PutRaw(const void* data, std::size_t size) {
    if (size > 0) bytes_.append(static_cast<const char*>(data), size);
  }
  void PutCount(std::size_t count) { Put(static_cast<std::uint32_t>(count)); }
  void PutString(std::string_view text) {
    PutCount(text.size());
    bytes_.append(text);
  }
  void PutStrings(const std::vector<std::string>& texts) {
    PutCount(texts.size());
    for (const std::string& text : texts) PutString(text);
  }

  const std::string& bytes() const { return bytes_; }
  std::string Take() && { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Reads what ByteWriter wrote. After the first thing that does not fit, every read gives zero or
// empty and the reader stays failed, so a decoder reads all fields and asks once, at the end.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : left_(bytes) {}

  template <typename T>
  T Get() {
    static_assert(std::is_arithmetic_v<T> && !std::is_same_v<T, bool>);
    T value{};
    GetRaw(&value, sizeof(T));
    return value;
  }
  bool GetBool() {
    const auto value = Get<std::uint8_t>();
    if (value > 1) Fail();
    return value == 1;
  }
  void GetRaw(void* data, std::size_t size) {
    if (size > left_.size()) return Fail();
    if (size == 0) return;
    std::memcpy(data, left_.data(), size);
    left_.remove_prefix(size);
  }
  // A count of things that take at least `bytes_each`; 0 and failed when they cannot all be there,
  // so that a damaged count never makes anyone allocate.
  std::size_t GetCount(std::size_t bytes_each) {
    const std::size_t count = Get<std::uint32_t>();
    if (count <= left_.size() / bytes_each) return count;
    Fail();
    return 0;
  }
  std::string GetString() {
    const std::size_t size = GetCount(1);
    std::string text(left_.substr(0, size));
    left_.remove_prefix(size);
    return text;
  }
  std::vector<std::string> GetStrings() {
    std::vector<std::string> texts(GetCount(sizeof(std::uint32_t)));
    for (std::string& text : texts) text = GetString();
    return texts;
  }

  void Fail() {
    failed_ = true;
    left_ = {};
  }
  // All that was asked for was there, and nothing is left over.
  bool Finished() const { return !failed_ && left_.empty(); }

 private:
  std::string_view left_;
  bool failed_ = false;
};

}  // namespace sluice::store
