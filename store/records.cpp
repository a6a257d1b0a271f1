#include "store/records.h"

#include <utility>

#include "store/bytes.h"
#include "store/crc32c.h"

// Every field order and width below is part of the permanent format on disk.

namespace sluice::store {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kFrameBytes = 2 + sizeof(std::uint32_t);  // type, version, checksum

// -- Decisions -----------------------------------------------------------------------------------

constexpr std::size_t kShareBytes = 2 + 8 + 4 * sizeof(float);
constexpr std::size_t kDecisionFixedBytes = 160;  // a little above what the fixed fields take

constexpr std::uint8_t kLearnable = 1;
constexpr std::uint8_t kHasBaseline = 2;

std::size_t ExpectedBytes(const DecisionRecord& record) {
  std::size_t tags = 0;
  for (const std::string& tag : record.tags) tags += sizeof(std::uint32_t) + tag.size();
  return kFrameBytes + kDecisionFixedBytes + record.shares.size() * kShareBytes +
         record.context.size() * sizeof(float) + record.request_id.size() + tags;
}

void PutShares(ByteWriter& out, const std::vector<ArmShare>& shares) {
  out.PutCount(shares.size());
  for (const ArmShare& share : shares) {
    out.Put(share.arm);
    out.Put(share.probability_q32);
    out.Put(share.mean);
    out.Put(share.width);
    out.Put(share.expected_cost_usd);
    out.Put(share.score);
  }
}

std::vector<ArmShare> GetShares(ByteReader& in) {
  std::vector<ArmShare> shares(in.GetCount(kShareBytes));
  for (ArmShare& share : shares) {
    share.arm = in.Get<std::uint16_t>();
    share.probability_q32 = in.Get<std::uint64_t>();
    share.mean = in.Get<float>();
    share.width = in.Get<float>();
    share.expected_cost_usd = in.Get<float>();
    share.score = in.Get<float>();
  }
  return shares;
}

void PutStrings(ByteWriter& out, const std::vector<std::string>& texts) {
  out.PutCount(texts.size());
  for (const std::string& text : texts) out.PutString(text);
}

std::vector<std::string> GetStrings(ByteReader& in) {
  std::vector<std::string> texts(in.GetCount(sizeof(std::uint32_t)));
  for (std::string& text : texts) text = in.GetString();
  return texts;
}

void PutPayload(ByteWriter& out, const DecisionRecord& record) {
  out.PutRaw(record.id.bytes.data(), record.id.bytes.size());
  out.Put(record.time_us);
  out.Put(record.router);
  out.Put(record.sequence);
  out.Put(record.policy_version);
  out.Put(record.policy_kind);
  out.Put(record.exploration_mode);
  out.Put(record.reason);
  out.Put(record.narrowed_by);
  out.Put(static_cast<std::uint8_t>((record.learnable ? kLearnable : 0) |
                                    (record.baseline_arm ? kHasBaseline : 0)));
  out.Put(record.arm);
  out.Put(record.greedy_arm);
  out.Put(record.baseline_arm.value_or(0));
  out.Put(record.eligible);
  out.Put(record.cost_weight);
  out.Put(record.exploration);
  out.Put(record.list_price_usd);
  PutShares(out, record.shares);
  out.PutCount(record.context.size());
  out.PutRaw(record.context.data(), record.context.size() * sizeof(float));
  out.PutString(record.request_id);
  out.Put(record.request_digest);
  PutStrings(out, record.tags);
}

DecisionRecord GetDecision(ByteReader& in) {
  DecisionRecord record;
  in.GetRaw(record.id.bytes.data(), record.id.bytes.size());
  record.time_us = in.Get<std::uint64_t>();
  record.router = in.Get<std::uint32_t>();
  record.sequence = in.Get<std::uint64_t>();
  record.policy_version = in.Get<std::uint64_t>();
  record.policy_kind = in.Get<std::uint8_t>();
  record.exploration_mode = in.Get<std::uint8_t>();
  record.reason = in.Get<std::uint8_t>();
  record.narrowed_by = in.Get<std::uint8_t>();
  const auto flags = in.Get<std::uint8_t>();
  if ((flags & ~(kLearnable | kHasBaseline)) != 0) in.Fail();
  record.learnable = (flags & kLearnable) != 0;
  record.arm = in.Get<std::uint16_t>();
  record.greedy_arm = in.Get<std::uint16_t>();
  const auto baseline = in.Get<std::uint16_t>();
  if ((flags & kHasBaseline) != 0) {
    record.baseline_arm = baseline;
  } else if (baseline != 0) {
    in.Fail();
  }
  record.eligible = in.Get<std::uint64_t>();
  record.cost_weight = in.Get<double>();
  record.exploration = in.Get<double>();
  record.list_price_usd = in.Get<double>();
  record.shares = GetShares(in);
  record.context.resize(in.GetCount(sizeof(float)));
  in.GetRaw(record.context.data(), record.context.size() * sizeof(float));
  record.request_id = in.GetString();
  record.request_digest = in.Get<std::uint64_t>();
  record.tags = GetStrings(in);
  return record;
}

// -- Outcomes ------------------------------------------------------------------------------------

constexpr std::size_t kOutcomeFixedBytes = 160;

// The optional fields in the order of their presence bits, which is the order of their bytes. The
// one list that encoding and decoding share; new fields go to its end, with a new version.
template <typename Outcome, typename Visit>
void VisitOptionals(Outcome& record, Visit visit) {
  visit(record.occurred_us);
  visit(record.reward);
  visit(record.thumb);
  visit(record.score);
  visit(record.task_success);
  visit(record.regenerated);
  visit(record.cost_usd);
  visit(record.latency_ms);
  visit(record.input_tokens);
  visit(record.cached_input_tokens);
  visit(record.output_tokens);
  visit(record.reasoning_tokens);
  visit(record.status);
}

std::size_t ExpectedBytes(const OutcomeRecord& record) {
  return kFrameBytes + kOutcomeFixedBytes + record.event_id.size() + record.source.size() +
         record.served_arm.size();
}

void PutOptionals(ByteWriter& out, const OutcomeRecord& record) {
  std::uint16_t present = 0;
  int bit = 0;
  VisitOptionals(record, [&](const auto& field) {
    present |= static_cast<std::uint16_t>((field ? 1u : 0u) << bit++);
  });
  out.Put(present);
  VisitOptionals(record, [&](const auto& field) {
    using Value = typename std::decay_t<decltype(field)>::value_type;
    if (!field) return;
    if constexpr (std::is_same_v<Value, bool>) {
      out.PutBool(*field);
    } else {
      out.Put(*field);
    }
  });
}

void GetOptionals(ByteReader& in, OutcomeRecord& record) {
  const auto present = in.Get<std::uint16_t>();
  int bit = 0;
  VisitOptionals(record, [&](auto& field) {
    using Value = typename std::decay_t<decltype(field)>::value_type;
    if ((present >> bit++ & 1) == 0) return;
    if constexpr (std::is_same_v<Value, bool>) {
      field = in.GetBool();
    } else {
      field = in.Get<Value>();
    }
  });
  if (present >> bit != 0) in.Fail();
}

void PutPayload(ByteWriter& out, const OutcomeRecord& record) {
  out.PutRaw(record.decision.bytes.data(), record.decision.bytes.size());
  out.PutString(record.event_id);
  out.PutString(record.source);
  out.PutString(record.served_arm);
  out.Put(record.received_us);
  PutOptionals(out, record);
  out.PutBool(record.carries_quality);
  out.PutBool(record.carries_cost);
  out.Put(record.decision_position);
  out.PutBool(record.first_quality);
  out.PutBool(record.first_cost);
}

OutcomeRecord GetOutcome(ByteReader& in) {
  OutcomeRecord record;
  in.GetRaw(record.decision.bytes.data(), record.decision.bytes.size());
  record.event_id = in.GetString();
  record.source = in.GetString();
  record.served_arm = in.GetString();
  record.received_us = in.Get<std::uint64_t>();
  GetOptionals(in, record);
  record.carries_quality = in.GetBool();
  record.carries_cost = in.GetBool();
  record.decision_position = in.Get<Position>();
  record.first_quality = in.GetBool();
  record.first_cost = in.GetBool();
  return record;
}

// -- Routers -------------------------------------------------------------------------------------

std::size_t ExpectedBytes(const RouterRecord& record) {
  return kFrameBytes + 64 + record.name.size() + record.context_id.size() +
         record.definition.size() + record.arm_names.size() * 32;
}

void PutPayload(ByteWriter& out, const RouterRecord& record) {
  out.Put(record.router);
  out.PutString(record.name);
  out.Put(record.time_us);
  out.PutBool(record.active);
  out.PutString(record.context_id);
  PutStrings(out, record.arm_names);
  out.PutString(record.definition);
}

RouterRecord GetRouter(ByteReader& in) {
  RouterRecord record;
  record.router = in.Get<std::uint32_t>();
  record.name = in.GetString();
  record.time_us = in.Get<std::uint64_t>();
  record.active = in.GetBool();
  record.context_id = in.GetString();
  record.arm_names = GetStrings(in);
  record.definition = in.GetString();
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

Error UnknownFormat(std::uint8_t type, std::uint8_t version) {
  return Error{Code::kFormat, "a log record of type " + std::to_string(type) + " and version " +
                                  std::to_string(version) +
                                  " was written by a release this one does not know"};
}

Result<Record> DecodePayload(std::uint8_t type, ByteReader& in) {
  Record record;
  switch (static_cast<RecordType>(type)) {
    case RecordType::kDecision:
      record = GetDecision(in);
      break;
    case RecordType::kOutcome:
      record = GetOutcome(in);
      break;
    case RecordType::kRouter:
      record = GetRouter(in);
      break;
    default:
      return UnknownFormat(type, kVersion);
  }
  if (!in.Finished()) return Error{Code::kCorrupt, "a log record does not have its type's shape"};
  return record;
}

}  // namespace

std::string EncodeRecord(const Record& record) {
  return std::visit(
      [](const auto& value) {
        ByteWriter out(ExpectedBytes(value));
        out.Put(static_cast<std::uint8_t>(TypeOf(value)));
        out.Put(kVersion);
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
  const auto type = in.Get<std::uint8_t>();
  const auto version = in.Get<std::uint8_t>();
  if (version != kVersion) return UnknownFormat(type, version);
  return DecodePayload(type, in);
}

std::uint64_t TimeOf(const Record& record) {
  if (const auto* decision = std::get_if<DecisionRecord>(&record)) return decision->time_us;
  if (const auto* outcome = std::get_if<OutcomeRecord>(&record)) return outcome->received_us;
  return std::get<RouterRecord>(record).time_us;
}

bool SameContent(const OutcomeRecord& a, const OutcomeRecord& b) {
  OutcomeRecord other = b;
  other.received_us = a.received_us;
  other.decision_position = a.decision_position;
  other.first_quality = a.first_quality;
  other.first_cost = a.first_cost;
  return a == other;
}

}  // namespace sluice::store
