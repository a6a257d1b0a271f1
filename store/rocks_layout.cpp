#include "store/rocks_layout.h"

#include <charconv>
#include <cstdio>

#include "store/bytes.h"
#include "store/crc32c.h"

namespace sluice::store {
namespace {

constexpr std::uint8_t kIndexVersion = 2;
constexpr std::uint8_t kHeadVersion = 1;
constexpr std::uint8_t kIndexMarksMax = 3;
constexpr char kHeadPrefix = 'h';
constexpr char kChunkPrefix = 'c';

constexpr std::string_view kMarkStart = "sluice-store format=";

template <typename T>
void AppendBigEndian(std::string& out, T value) {
  for (int shift = 8 * (sizeof(T) - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(value >> shift & 0xFF));
  }
}

std::uint64_t ParseBigEndian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<std::uint8_t>(byte);
  return value;
}

}  // namespace

std::string LogKey(Position position) {
  std::string key;
  AppendBigEndian(key, position);
  return key;
}

std::optional<Position> ParseLogKey(std::string_view key) {
  if (key.size() != sizeof(Position)) return std::nullopt;
  return ParseBigEndian(key);
}

std::string_view DecisionKey(const DecisionId& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

std::string EventKey(const OutcomeRecord& outcome) {
  ByteWriter key(sizeof(std::uint32_t) + outcome.source.size() + outcome.event_id.size());
  key.PutString(outcome.source);
  key.PutRaw(outcome.event_id.data(), outcome.event_id.size());
  return std::move(key).Take();
}

std::string EncodeNumber(std::uint64_t number) {
  ByteWriter out(sizeof(number));
  out.Put(number);
  return std::move(out).Take();
}

std::optional<std::uint64_t> DecodeNumber(std::string_view bytes) {
  ByteReader in(bytes);
  const auto number = in.Get<std::uint64_t>();
  if (!in.Finished()) return std::nullopt;
  return number;
}

std::string EncodeIndex(const DecisionIndex& index) {
  ByteWriter out(1 + sizeof(Position) + 4 + index.outcomes.size() * sizeof(Position));
  out.Put(kIndexVersion);
  out.Put(index.position);
  out.PutCount(index.outcomes.size());
  for (const Position position : index.outcomes) out.Put(position);
  return std::move(out).Take();
}

Result<DecisionIndex> DecodeIndex(std::string_view bytes) {
  ByteReader in(bytes);
  const auto version = in.Get<std::uint8_t>();
  if (!bytes.empty() && (version < 1 || version > kIndexVersion)) {
    return Error{Code::kFormat, "an entry of the decisions index has version " +
                                    std::to_string(version) + ", which this release does not know"};
  }
  DecisionIndex index;
  // Version 1 had marks of what the outcomes taught, which their reader now finds out.
  if (version == 1 && in.Get<std::uint8_t>() > kIndexMarksMax) in.Fail();
  index.position = in.Get<Position>();
  index.outcomes.resize(in.GetCount(sizeof(Position)));
  for (Position& position : index.outcomes) position = in.Get<Position>();
  if (!in.Finished()) {
    return Error{Code::kCorrupt, "an entry of the decisions index does not have its shape"};
  }
  return index;
}

std::string HeadKey(std::uint64_t serial) {
  std::string key(1, kHeadPrefix);
  AppendBigEndian(key, serial);
  return key;
}

std::string ChunkKey(std::uint64_t serial, std::uint32_t chunk) {
  std::string key(1, kChunkPrefix);
  AppendBigEndian(key, serial);
  AppendBigEndian(key, chunk);
  return key;
}

std::optional<std::uint64_t> ParseHeadKey(std::string_view key) {
  if (key.size() != 9 || key.front() != kHeadPrefix) return std::nullopt;
  return ParseBigEndian(key.substr(1));
}

std::optional<std::uint64_t> ParseChunkKey(std::string_view key) {
  if (key.size() != 13 || key.front() != kChunkPrefix) return std::nullopt;
  return ParseBigEndian(key.substr(1, 8));
}

std::string EncodeHead(const CheckpointHead& head) {
  ByteWriter out(40);
  out.Put(kHeadVersion);
  out.Put(head.position);
  out.Put(head.log_end);
  out.Put(head.bytes);
  out.Put(head.chunks);
  out.Put(head.checksum);
  out.Put(Crc32c(out.bytes()));
  return std::move(out).Take();
}

std::optional<CheckpointHead> DecodeHead(std::string_view bytes) {
  ByteReader in(bytes);
  CheckpointHead head;
  const auto version = in.Get<std::uint8_t>();
  head.position = in.Get<Position>();
  head.log_end = in.Get<Position>();
  head.bytes = in.Get<std::uint64_t>();
  head.chunks = in.Get<std::uint32_t>();
  head.checksum = in.Get<std::uint32_t>();
  const auto checksum = in.Get<std::uint32_t>();
  if (!in.Finished() || version != kHeadVersion) return std::nullopt;
  if (checksum != Crc32c(bytes.substr(0, bytes.size() - sizeof(checksum)))) return std::nullopt;
  return head;
}

std::string PrintMark(const Mark& mark) {
  const std::string facts = std::string(kMarkStart) + std::to_string(mark.format) +
                            " synced=" + std::to_string(mark.synced);
  std::array<char, 32> checksum{};
  std::snprintf(checksum.data(), checksum.size(), " crc32c=%08x\n", Crc32c(facts));
  return facts + checksum.data();
}

Result<Mark> ParseMark(std::string_view text) {
  Mark mark;
  const char* end = text.data() + text.size();
  if (text.starts_with(kMarkStart)) {
    const auto format = std::from_chars(text.data() + kMarkStart.size(), end, mark.format);
    // What a later format writes behind its number is not known here.
    if (format.ec == std::errc() && mark.format > kFormatVersion) {
      return Error{Code::kFormat, "its format is " + std::to_string(mark.format) +
                                      ", this release knows up to " +
                                      std::to_string(kFormatVersion)};
    }
    const std::size_t synced = text.find("synced=");
    if (synced != text.npos) std::from_chars(text.data() + synced + 7, end, mark.synced);
  }
  // Only what this very function's counterpart prints is a mark.
  if (PrintMark(mark) != text) return Error{Code::kCorrupt, "its checksum or shape does not hold"};
  return mark;
}

}  // namespace sluice::store
