// Warm-start files: what is known of arms offline (`sluice-sim fit`), for arms whose names are new
// to a router to start from. A file is read when such an arm comes into force; its statistics go
// into the log with the definition, so that folding the log needs no file. Pure but for
// AddWarmStarts, which reads files; any thread.
//
// On disk, little-endian, a text with its length (u32) before it:
//
//   u32 magic "SLWS"   u32 version, 1   text context id (policy::ContextBuilder::id)
//   u32 dimension of the context, with features and bias
//   u32 arms, 1..64, each: text name, text statistics (policy::Model::ArmStatistics)
//   u32 CRC-32C of everything before it
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/roster.h"
#include "store/records.h"
#include "store/status.h"

namespace sluice::daemon {

inline constexpr std::size_t kWarmStartBytesMax = 64U << 20;

struct WarmStartArm {
  std::string name;
  std::string statistics;
  bool operator==(const WarmStartArm&) const = default;
};

struct WarmStartFile {
  std::string context_id;
  std::uint32_t dimension = 0;
  std::vector<WarmStartArm> arms;
  bool operator==(const WarmStartFile&) const = default;
};

std::string EncodeWarmStart(const WarmStartFile& file);
// Error kFormat: not such a file, or of a later version; kCorrupt: damaged.
store::Result<WarmStartFile> DecodeWarmStart(std::string_view bytes);

// Statistics as the log and the admin plane have them: which space they are of stands before them.
std::string MarkStatistics(std::uint64_t space, const std::string& statistics);

// Gives the record the statistics that arms of the file start from, of those from `known_arms` on;
// one with a file of its own is passed over. Error kFormat: the file does not fit the router.
store::Result<store::Done> AddWarmStarts(const RouterDefinition& definition, std::size_t known_arms,
                                         const WarmStartFile& file, store::RouterRecord& record);
// The same from the files that the definition names.
store::Result<store::Done> AddWarmStarts(const RouterDefinition& definition, std::size_t known_arms,
                                         store::RouterRecord& record);

}  // namespace sluice::daemon
