// Warm-start files: what is known of arms offline (`sluice-sim fit`), for arms whose names are new
// to a router to start from. A file is read when such an arm comes into force; its statistics go
// into the log with the definition, so that folding the log needs no file. Pure but for
// AddWarmStarts, which reads files; any thread.
//
// Statistics are about one space of contexts. Where a router's contexts are made by a fitted map,
// the file holds that map, and with text the key of its n-grams, which is as secret as the
// router's. A new router begins with both. An arm that is added later starts from the router's file
// while the router's map is still that one, and else from the others; its own file is refused then.
// Under another map, what a new router began with goes on as prior means.
//
// On disk, little-endian, a text with its length (u32) before it:
//
//   u32 magic "SLWS"   u32 version, 2   text context id (policy::ContextBuilder::id)
//   u32 dimension of the context, with features and bias
//   since version 2: u32 key of the n-grams, text map (policy::ContextMap), empty where none is
//   u32 arms, 1..64, each: text name, text statistics (policy::Model::ArmStatistics)
//   u32 CRC-32C of everything before it
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/roster.h"
#include "daemon/snapshot.h"
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
  std::uint32_t gram_seed = 0;
  std::string context_map;
  std::vector<WarmStartArm> arms;
  bool operator==(const WarmStartFile&) const = default;
};

std::string EncodeWarmStart(const WarmStartFile& file);
// Error kFormat: not such a file, or of a later version; kCorrupt: damaged.
store::Result<WarmStartFile> DecodeWarmStart(std::string_view bytes);

// Statistics as the log and the admin plane have them: which space they are of stands before them.
std::string MarkStatistics(std::uint64_t space, const std::string& statistics);
// Those that follow the mark; empty when they are of another space.
std::optional<std::string_view> StatisticsOf(std::string_view marked, std::uint64_t space);

// Arms whose names are new in this record start as they are told to; what does not fit starts from
// the others. Statistics of another space than the model's do not fit.
void StartArms(const store::RouterRecord& record, const RouterDefinition& definition,
               std::uint64_t space, policy::Model& model);

// The map that the record's router began with; null: none. Error kCorrupt: it cannot be read.
store::Result<std::shared_ptr<const policy::ContextMap>> MapBegunWith(
    const store::RouterRecord& record, const RouterDefinition& definition);

// Gives the record the statistics that its arms start from whose names are new to the router as it
// stands, `known` (null: the router is new, and its map and key are the file's). An arm with a file
// of its own is passed over. Error kFormat: the file does not fit the router.
store::Result<store::Done> AddWarmStarts(const RouterDefinition& definition,
                                         const RouterView* known, const WarmStartFile& file,
                                         store::RouterRecord& record);
// The same from the files that the definition names.
store::Result<store::Done> AddWarmStarts(const RouterDefinition& definition,
                                         const RouterView* known, store::RouterRecord& record);

}  // namespace sluice::daemon
