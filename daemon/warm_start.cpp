#include "daemon/warm_start.h"

#include <algorithm>
#include <fstream>
#include <optional>

#include <spdlog/spdlog.h>

#include "daemon/map_samples.h"
#include "store/bytes.h"
#include "store/crc32c.h"

namespace sluice::daemon {

namespace {

using store::Code;
using store::Done;
using store::Error;
using store::Result;

constexpr std::uint32_t kMagic = 0x53574C53;  // "SLWS"
constexpr std::uint32_t kVersion = 2;         // 1 is read as well

Error Unfit(const RouterDefinition& definition, const std::string& field, const std::string& why) {
  return {Code::kFormat, "router '" + definition.name() + "', " + field + ": " + why};
}

std::string NamesOf(const WarmStartFile& file) {
  std::string names;
  for (const WarmStartArm& arm : file.arms) names += (names.empty() ? "" : ", ") + arm.name;
  return names;
}

const WarmStartArm* FindArm(const WarmStartFile& file, const std::string& name) {
  const auto found = std::ranges::find(file.arms, name, &WarmStartArm::name);
  return found == file.arms.end() ? nullptr : &*found;
}

// Observations that statistics of this arm count as: those of a file, or those that an operator
// put.
double StrengthOf(const config::RouterOptions& router, const config::ArmOptions& arm) {
  if (arm.owner == config::ArmOwner::kAdmin) return arm.start_strength;
  return arm.warm_start_strength.value_or(router.warm_start_strength);
}

// Where a file comes from, for sentences about it.
struct Named {
  const RouterDefinition& definition;
  std::string field;
};

Result<WarmStartFile> ReadFile(const Named& source, const std::string& path) {
  const auto unfit = [&](const std::string& why) {
    return Unfit(source.definition, source.field, why);
  };
  std::ifstream file(path, std::ios::binary);
  if (!file) return unfit("the file cannot be opened");
  // One byte more than may be there, so that a longer file is seen to be one.
  std::string bytes;
  char block[1 << 16];
  while (bytes.size() <= kWarmStartBytesMax && file.read(block, sizeof(block)).gcount() > 0) {
    bytes.append(block, static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) return unfit("the file cannot be read");
  if (bytes.size() > kWarmStartBytesMax) return unfit("the file is longer than 64 MiB");
  auto decoded = DecodeWarmStart(bytes);
  if (!decoded.ok()) return unfit(decoded.error().message);
  return decoded;
}

// The space that the statistics are about.
struct Space {
  std::uint64_t mark = 0;
  policy::ModelOptions model;
};

// Null: damaged, or of other inputs than the router's.
std::shared_ptr<const policy::ContextMap> ReadMap(std::string_view bytes,
                                                  const RouterDefinition& definition) {
  auto map = policy::ContextMap::Restore(bytes);
  const bool reads = map != nullptr && bytes.empty() && definition.context.Reads(*map);
  return reads ? std::move(map) : nullptr;
}

// Once a router has a map of its own, a file's statistics may be about another.
bool StandsIn(const RouterView& known, const policy::ContextMap& map) {
  return known.map != nullptr && known.map->fingerprint() == map.fingerprint();
}

// Gives the record the map that a new router has to begin with.
Result<Space> SpaceOfMap(const WarmStartFile& file, const RouterView* known, const Named& source,
                         store::RouterRecord& record) {
  const RouterDefinition& definition = source.definition;
  const auto unfit = [&](const std::string& why) { return Unfit(definition, source.field, why); };
  const auto map = ReadMap(file.context_map, definition);
  if (map == nullptr) {
    return unfit("its context map is damaged, or of other inputs than this router's");
  }
  if (known != nullptr) {
    if (!StandsIn(*known, *map)) {
      return unfit(
          "the router's context map is another than the file's by now: fit it from this "
          "router's log");
    }
  } else {
    const bool text = definition.options.context.source == policy::ContextSource::kText;
    const std::uint32_t wanted = definition.options.context.gram_seed;
    if (text && wanted != 0 && wanted != file.gram_seed) {
      return unfit("it was made under another context.gram_seed than the router's");
    }
    // Files for single arms may bring the map again.
    if (!record.context_map.empty() && record.context_map != file.context_map) {
      return unfit(
          "its context map is another than that of the router's other files: fit them at once, "
          "or of one context.gram_seed and one data set");
    }
    if (text) record.gram_seed = file.gram_seed;
    record.context_map = file.context_map;
  }
  return Space{map->fingerprint(), ModelOptionsOf(definition, map->components())};
}

Result<Space> SpaceOf(const WarmStartFile& file, const RouterView* known, const Named& source,
                      store::RouterRecord& record) {
  const policy::ContextBuilder& context = source.definition.context;
  const auto unfit = [&](const std::string& why) {
    return Unfit(source.definition, source.field, why);
  };
  if (file.context_id != context.id()) {
    return unfit("it was made of contexts '" + file.context_id + "', and this router makes '" +
                 context.id() + "'");
  }
  if (context.fits_maps() == file.context_map.empty()) {
    return unfit(std::string("it was made for a router ") +
                 (context.fits_maps() ? "without" : "with") +
                 " a fitted context map: fit it with this router's configuration");
  }
  auto space = context.fits_maps()
                   ? SpaceOfMap(file, known, source, record)
                   : Result<Space>(Space{DigestOf(context.id()), source.definition.model});
  if (space.ok() && file.dimension != space->model.dimension) {
    return unfit("it was made of contexts of dimension " + std::to_string(file.dimension) +
                 ", and this router's have " + std::to_string(space->model.dimension));
  }
  return space;
}

// Those of one arm, if a model of this router can start from them.
Result<Done> AddStatistics(const WarmStartArm& arm, std::size_t id, const Space& space,
                           const Named& source, store::RouterRecord& record) {
  policy::Model trial(space.model);
  const policy::ArmStart start{.from = policy::ArmStart::From::kStatistics,
                               .others = {},
                               .arm = 0,
                               .statistics = arm.statistics,
                               .strength = 1};
  if (!trial.AddArm(start)) {
    return Unfit(source.definition, source.field,
                 "the statistics of arm '" + arm.name + "' are damaged");
  }
  record.warm_starts.push_back(
      {static_cast<std::uint16_t>(id), MarkStatistics(space.mark, arm.statistics)});
  return Done{};
}

std::size_t ArmsOf(const RouterView* known) {
  return known == nullptr ? 0 : known->definition->arm_names.size();
}

}  // namespace

std::string EncodeWarmStart(const WarmStartFile& file) {
  store::ByteWriter out(256);
  out.Put(kMagic);
  out.Put(kVersion);
  out.PutString(file.context_id);
  out.Put(file.dimension);
  out.Put(file.gram_seed);
  out.PutString(file.context_map);
  out.PutCount(file.arms.size());
  for (const WarmStartArm& arm : file.arms) {
    out.PutString(arm.name);
    out.PutString(arm.statistics);
  }
  out.Put(store::Crc32c(out.bytes()));
  return std::move(out).Take();
}

Result<WarmStartFile> DecodeWarmStart(std::string_view bytes) {
  const Error other{Code::kFormat, "it is not a warm-start file of this version"};
  std::uint32_t checksum = 0;
  store::ByteReader in(bytes.substr(0, bytes.size() - std::min(bytes.size(), sizeof(checksum))));
  if (in.Get<std::uint32_t>() != kMagic) return other;
  const auto version = in.Get<std::uint32_t>();
  if (version < 1 || version > kVersion) return other;
  store::ByteReader(bytes.substr(bytes.size() - sizeof(checksum))).GetRaw(&checksum, 4);
  WarmStartFile file;
  file.context_id = in.GetString();
  file.dimension = in.Get<std::uint32_t>();
  if (version > 1) {
    file.gram_seed = in.Get<std::uint32_t>();
    file.context_map = in.GetString();
  }
  file.arms.resize(std::min(in.GetCount(2 * sizeof(std::uint32_t)), policy::kArmsMax + 1));
  for (WarmStartArm& arm : file.arms) {
    arm.name = in.GetString();
    arm.statistics = in.GetString();
  }
  const bool whole = checksum == store::Crc32c(bytes.substr(0, bytes.size() - sizeof(checksum)));
  if (!whole || !in.Finished() || file.arms.empty() || file.arms.size() > policy::kArmsMax) {
    return Error{Code::kCorrupt, "the warm-start file is damaged"};
  }
  return file;
}

std::string MarkStatistics(std::uint64_t space, const std::string& statistics) {
  return std::string(reinterpret_cast<const char*>(&space), sizeof(space)) + statistics;
}

std::optional<std::string_view> StatisticsOf(std::string_view marked, std::uint64_t space) {
  std::uint64_t mark = 0;
  if (marked.size() < sizeof(mark)) return std::nullopt;
  marked.copy(reinterpret_cast<char*>(&mark), sizeof(mark));
  return mark == space ? std::optional(marked.substr(sizeof(mark))) : std::nullopt;
}

Result<std::shared_ptr<const policy::ContextMap>> MapBegunWith(const store::RouterRecord& record,
                                                               const RouterDefinition& definition) {
  if (record.context_map.empty()) return std::shared_ptr<const policy::ContextMap>();
  auto map = ReadMap(record.context_map, definition);
  if (map == nullptr) {
    return Error{Code::kCorrupt, "the context map that router '" + definition.name() +
                                     "' began with cannot be read"};
  }
  return map;
}

void StartArms(const store::RouterRecord& record, const RouterDefinition& definition,
               std::uint64_t space, policy::Model& model) {
  while (model.arms() < record.arm_names.size()) {
    const auto id = static_cast<policy::ArmId>(model.arms());
    const config::ArmOptions& arm = definition.arms[id];
    policy::ArmStart start;
    start.strength = arm.start_strength;
    const auto like = definition.arm_ids.find(arm.start);
    if (like != definition.arm_ids.end() && like->second < id) {
      start.from = policy::ArmStart::From::kArm;
      start.arm = like->second;
    } else if (arm.start != "prior") {
      start.from = policy::ArmStart::From::kOthers;
      start.others = policy::ArmSet::FirstN(id);
    }
    for (const auto& warm : record.warm_starts) {
      if (warm.arm != id) continue;
      const auto statistics = StatisticsOf(warm.statistics, space);
      policy::ArmStart offline{.from = policy::ArmStart::From::kStatistics,
                               .others = {},
                               .arm = 0,
                               .statistics = statistics.value_or(std::string_view()),
                               .strength = StrengthOf(definition.options, arm)};
      if (statistics && model.AddArm(offline)) break;
      spdlog::warn("router '{}': the statistics that arm '{}' was to start from do not fit",
                   definition.name(), arm.name);
    }
    if (model.arms() == id) model.AddArm(start);
  }
}

Result<Done> AddWarmStarts(const RouterDefinition& definition, const RouterView* known,
                           const WarmStartFile& file, store::RouterRecord& record) {
  const Named source{definition, "warm_start"};
  const auto map = known == nullptr ? nullptr : ReadMap(file.context_map, definition);
  if (map != nullptr && !StandsIn(*known, *map)) {
    spdlog::warn(
        "router '{}': its context map is another than that of its warm_start by now, and new arms "
        "start without it",
        definition.name());
    return Done{};
  }
  std::optional<Space> space;
  for (std::size_t id = ArmsOf(known); id < definition.arms.size(); ++id) {
    const WarmStartArm* arm = FindArm(file, definition.arm_names[id]);
    if (arm == nullptr || !definition.arms[id].warm_start.empty()) continue;
    if (!space) {
      auto found = SpaceOf(file, known, source, record);
      if (!found.ok()) return found.error();
      space = *std::move(found);
    }
    auto added = AddStatistics(*arm, id, *space, source, record);
    if (!added.ok()) return added;
  }
  if (known != nullptr || space) return Done{};
  return Unfit(definition, source.field,
               "it holds none of the router's arms, but " + NamesOf(file));
}

Result<Done> AddWarmStarts(const RouterDefinition& definition, const RouterView* known,
                           store::RouterRecord& record) {
  for (std::size_t id = ArmsOf(known); id < definition.arms.size(); ++id) {
    const config::ArmOptions& options = definition.arms[id];
    if (options.warm_start.empty()) continue;
    const Named source{definition, "warm_start of arm '" + options.name + "'"};
    const auto file = ReadFile(source, options.warm_start);
    if (!file.ok()) return file.error();
    const WarmStartArm* arm = FindArm(*file, options.name);
    if (arm == nullptr) {
      return Unfit(definition, source.field, "it holds no such arm, but " + NamesOf(*file));
    }
    const auto space = SpaceOf(*file, known, source, record);
    if (!space.ok()) return space.error();
    auto added = AddStatistics(*arm, id, *space, source, record);
    if (!added.ok()) return added;
  }
  const std::string& path = definition.options.warm_start;
  if (path.empty() || ArmsOf(known) == definition.arms.size()) return Done{};
  const auto file = ReadFile({definition, "warm_start"}, path);
  if (!file.ok()) return file.error();
  return AddWarmStarts(definition, known, *file, record);
}

}  // namespace sluice::daemon
