// The frame around every record, and the payloads of those that are rare.

#include "store/records.h"

#include <type_traits>
#include <utility>

#include "store/bytes.h"
#include "store/crc32c.h"
#include "store/record_payloads.h"

namespace sluice::store {
namespace {

constexpr std::size_t kFrameBytes = 2 + sizeof(std::uint32_t);  // type, version, checksum

// -- Routers -------------------------------------------------------------------------------------

std::size_t PayloadBytesMax(const RouterRecord& record) {
  std::size_t bytes = 64 + record.name.size() + record.context_id.size() +
                      record.definition.size() + record.context_map.size();
  for (const std::string& name : record.arm_names) bytes += sizeof(std::uint32_t) + name.size();
  for (const auto& warm : record.warm_starts) bytes += 6 + warm.statistics.size();
  return bytes;
}

void PutPayload(ByteWriter& out, const RouterRecord& record) {
  out.Put(record.router);
  out.PutString(record.name);
  out.Put(record.time_us);
  out.PutBool(record.active);
  out.PutString(record.context_id);
  out.PutStrings(record.arm_names);
  out.PutString(record.definition);
  out.Put(record.gram_seed);
  out.PutCount(record.warm_starts.size());
  for (const auto& warm : record.warm_starts) {
    out.Put(warm.arm);
    out.PutString(warm.statistics);
  }
  out.PutString(record.context_map);
}

RouterRecord GetRouter(ByteReader& in, std::uint8_t version) {
  RouterRecord record;
  record.router = in.Get<std::uint32_t>();
  record.name = in.GetString();
  record.time_us = in.Get<std::uint64_t>();
  record.active = in.GetBool();
  record.context_id = in.GetString();
  record.arm_names = in.GetStrings();
  record.definition = in.GetString();
  if (version == 1) return record;
  record.gram_seed = in.Get<std::uint32_t>();
  record.warm_starts.resize(in.GetCount(sizeof(std::uint16_t) + sizeof(std::uint32_t)));
  for (auto& warm : record.warm_starts) {
    warm.arm = in.Get<std::uint16_t>();
    warm.statistics = in.GetString();
  }
  if (version > 2) record.context_map = in.GetString();
  return record;
}

// -- What an operator asked for ------------------------------------------------------------------

std::size_t PayloadBytesMax(const AdminRecord& record) {
  return 32 + record.arm.size();
}

void PutPayload(ByteWriter& out, const AdminRecord& record) {
  out.Put(record.router);
  out.Put(record.time_us);
  out.Put(record.operation);
  out.Put(record.target);
  out.PutString(record.arm);
}

AdminRecord GetAdmin(ByteReader& in) {
  AdminRecord record;
  record.router = in.Get<std::uint32_t>();
  record.time_us = in.Get<std::uint64_t>();
  record.operation = in.Get<std::uint8_t>();
  record.target = in.Get<Position>();
  record.arm = in.GetString();
  return record;
}

// -- The frame -----------------------------------------------------------------------------------

RecordType TypeOf(const DecisionRecord&) {
  return RecordType::kDecision;
}
RecordType TypeOf(const OutcomeRecord&) {
  return RecordType::kOutcome;
}
RecordType TypeOf(const RouterRecord&) {
  return RecordType::kRouter;
}
RecordType TypeOf(const AdminRecord&) {
  return RecordType::kAdmin;
}

// The version that is written; all from 1 to it are read. 0: there is no such type.
std::uint8_t NewestVersion(RecordType type) {
  switch (type) {
    case RecordType::kDecision:
      return kDecisionVersion;
    case RecordType::kOutcome:
      return kOutcomeVersion;
    case RecordType::kRouter:
      return kRouterVersion;
    case RecordType::kAdmin:
      return kAdminVersion;
  }
  return 0;
}

Error UnknownFormat(RecordType type, std::uint8_t version) {
  return Error{Code::kFormat, "a log record of type " + std::to_string(static_cast<int>(type)) +
                                  " and version " + std::to_string(version) +
                                  " was written by a release this one does not know"};
}

Record GetRecord(ByteReader& in, RecordType type, std::uint8_t version) {
  switch (type) {
    case RecordType::kDecision:
      return GetDecision(in, version);
    case RecordType::kOutcome:
      return GetOutcome(in, version);
    case RecordType::kRouter:
      return GetRouter(in, version);
    case RecordType::kAdmin:
      return GetAdmin(in);
  }
  in.Fail();
  return Record();
}

}  // namespace

std::string EncodeRecord(const Record& record) {
  return std::visit(
      [](const auto& value) {
        const RecordType type = TypeOf(value);
        ByteWriter out(kFrameBytes + PayloadBytesMax(value));
        out.Put(static_cast<std::uint8_t>(type));
        out.Put(NewestVersion(type));
        PutPayload(out, value);
        out.Put(Crc32c(out.bytes()));
        return std::move(out).Take();
      },
      record);
}

Result<Record> DecodeRecord(std::string_view bytes) {
  if (bytes.size() < kFrameBytes) return Error{Code::kCorrupt, "a log record is too short"};
  const std::string_view checked = bytes.substr(0, bytes.size() - sizeof(std::uint32_t));
  ByteReader checksum(bytes.substr(checked.size()));
  if (checksum.Get<std::uint32_t>() != Crc32c(checked)) {
    return Error{Code::kCorrupt, "a log record's checksum does not hold"};
  }
  ByteReader in(checked);
  const auto type = static_cast<RecordType>(in.Get<std::uint8_t>());
  const auto version = in.Get<std::uint8_t>();
  if (version < 1 || version > NewestVersion(type)) return UnknownFormat(type, version);
  Record record = GetRecord(in, type, version);
  if (!in.Finished()) return Error{Code::kCorrupt, "a log record does not have its type's shape"};
  return record;
}

std::uint64_t TimeOf(const Record& record) {
  return std::visit(
      [](const auto& value) {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, OutcomeRecord>) {
          return value.received_us;
        } else {
          return value.time_us;
        }
      },
      record);
}

bool SameContent(const OutcomeRecord& a, const OutcomeRecord& b) {
  OutcomeRecord other = b;
  other.received_us = a.received_us;
  other.decision_position = a.decision_position;
  other.ordinal = a.ordinal;
  return a == other;
}

}  // namespace sluice::store
