#include "daemon/warm_start.h"

#include <algorithm>
#include <fstream>
#include <optional>

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
constexpr std::uint32_t kVersion = 1;

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

// The statistics as a record has them, if a model of this router can start from them.
Result<std::string> StatisticsOf(const WarmStartFile& file, const WarmStartArm& arm,
                                 const Named& source) {
  const policy::ContextBuilder& context = source.definition.context;
  const auto unfit = [&](const std::string& why) {
    return Unfit(source.definition, source.field, why);
  };
  if (file.context_id != context.id()) {
    return unfit("it was made of contexts '" + file.context_id + "', and this router makes '" +
                 context.id() + "'");
  }
  if (file.dimension != context.dimension()) {
    return unfit("it was made of contexts of dimension " + std::to_string(file.dimension) +
                 ", and this router's have " + std::to_string(context.dimension()));
  }
  policy::Model trial(source.definition.model);
  const policy::ArmStart start{.from = policy::ArmStart::From::kStatistics,
                               .others = {},
                               .arm = 0,
                               .statistics = arm.statistics,
                               .strength = 1};
  if (!trial.AddArm(start)) return unfit("the statistics of arm '" + arm.name + "' are damaged");
  return MarkStatistics(DigestOf(context.id()), arm.statistics);
}

}  // namespace

std::string EncodeWarmStart(const WarmStartFile& file) {
  store::ByteWriter out(256);
  out.Put(kMagic);
  out.Put(kVersion);
  out.PutString(file.context_id);
  out.Put(file.dimension);
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
  if (in.Get<std::uint32_t>() != kMagic || in.Get<std::uint32_t>() != kVersion) return other;
  store::ByteReader(bytes.substr(bytes.size() - sizeof(checksum))).GetRaw(&checksum, 4);
  WarmStartFile file;
  file.context_id = in.GetString();
  file.dimension = in.Get<std::uint32_t>();
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

Result<Done> AddWarmStarts(const RouterDefinition& definition, std::size_t known_arms,
                           const WarmStartFile& file, store::RouterRecord& record) {
  const Named source{definition, "warm_start"};
  bool any = false;
  for (std::size_t id = known_arms; id < definition.arms.size(); ++id) {
    const WarmStartArm* arm = FindArm(file, definition.arm_names[id]);
    if (arm == nullptr || !definition.arms[id].warm_start.empty()) continue;
    auto statistics = StatisticsOf(file, *arm, source);
    if (!statistics.ok()) return statistics.error();
    record.warm_starts.push_back({static_cast<std::uint16_t>(id), *std::move(statistics)});
    any = true;
  }
  if (known_arms > 0 || any) return Done{};
  return Unfit(definition, source.field,
               "it holds none of the router's arms, but " + NamesOf(file));
}

Result<Done> AddWarmStarts(const RouterDefinition& definition, std::size_t known_arms,
                           store::RouterRecord& record) {
  for (std::size_t id = known_arms; id < definition.arms.size(); ++id) {
    const config::ArmOptions& options = definition.arms[id];
    if (options.warm_start.empty()) continue;
    const Named source{definition, "warm_start of arm '" + options.name + "'"};
    const auto file = ReadFile(source, options.warm_start);
    if (!file.ok()) return file.error();
    const WarmStartArm* arm = FindArm(*file, options.name);
    if (arm == nullptr) {
      return Unfit(definition, source.field, "it holds no such arm, but " + NamesOf(*file));
    }
    auto statistics = StatisticsOf(*file, *arm, source);
    if (!statistics.ok()) return statistics.error();
    record.warm_starts.push_back({static_cast<std::uint16_t>(id), *std::move(statistics)});
  }
  const std::string& path = definition.options.warm_start;
  if (path.empty() || known_arms == definition.arms.size()) return Done{};
  const auto file = ReadFile({definition, "warm_start"}, path);
  if (!file.ok()) return file.error();
  return AddWarmStarts(definition, known_arms, *file, record);
}

}  // namespace sluice::daemon
