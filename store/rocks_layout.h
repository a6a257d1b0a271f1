// What stands in which column family: names, keys and the values that are not log records. All of
// it is part of the permanent format on disk; README.md says it in words. Private to store/.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/records.h"
#include "store/status.h"

namespace sluice::store {

inline constexpr std::uint32_t kFormatVersion = 1;
inline constexpr std::size_t kCheckpointsKept = 3;

// In the order in which they are opened. RocksDB insists on a family called "default"; it is empty.
enum class Family : std::size_t { kDefault, kLog, kDecisions, kDedupe, kCheckpoints, kMeta };
inline constexpr std::array<std::string_view, 6> kFamilyNames = {
    "default", "log", "decisions", "dedupe", "checkpoints", "meta"};

inline constexpr std::string_view kMetaFormat = "format";         // u32
inline constexpr std::string_view kMetaCreatedUs = "created_us";  // u64
inline constexpr std::string_view kMetaLogBytes = "log_bytes";    // u64

// Big-endian, so that the order of keys is the order of positions.
std::string LogKey(Position position);
std::optional<Position> ParseLogKey(std::string_view key);

std::string_view DecisionKey(const DecisionId& id);

// The length stands in front of the source, so no two pairs share a key.
std::string EventKey(const OutcomeRecord& outcome);

std::string EncodeNumber(std::uint64_t number);
std::optional<std::uint64_t> DecodeNumber(std::string_view bytes);

// What is known about a decision without reading the log.
struct DecisionIndex {
  Position position = 0;
  std::vector<Position> outcomes;
};
std::string EncodeIndex(const DecisionIndex& index);
Result<DecisionIndex> DecodeIndex(std::string_view bytes);

// A checkpoint is a head and the chunks of its bytes, all under one serial number. It exists once
// its head does. Heads sort behind all chunks, the newest last.
struct CheckpointHead {
  Position position = 0;
  Position log_end = 0;  // last position of the log when it was saved
  std::uint64_t bytes = 0;
  std::uint32_t chunks = 0;
  std::uint32_t checksum = 0;  // CRC-32C of all bytes
};
std::string HeadKey(std::uint64_t serial);
std::string ChunkKey(std::uint64_t serial, std::uint32_t chunk);
std::optional<std::uint64_t> ParseHeadKey(std::string_view key);
std::optional<std::uint64_t> ParseChunkKey(std::string_view key);  // the serial alone
std::string EncodeHead(const CheckpointHead& head);
std::optional<CheckpointHead> DecodeHead(std::string_view bytes);

// The mark is a small file beside RocksDB. It says how far the log was once known to be synced, so
// that a log which lost its end is recognised: whatever is kept in the log is lost with it.
struct Mark {
  std::uint32_t format = kFormatVersion;
  Position synced = 0;
};
std::string PrintMark(const Mark& mark);
Result<Mark> ParseMark(std::string_view text);

}  // namespace sluice::store
