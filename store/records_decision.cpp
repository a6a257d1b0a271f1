// Decisions. Version 2 widened narrowed_by, gave each share a latency, and put everything else that
// was new behind what version 1 had.

#include "store/record_payloads.h"

namespace sluice::store {
namespace {

constexpr std::size_t kFixedBytes = 168;  // a little above what the fixed fields take
constexpr std::size_t kShareBytes = 2 + 8 + 5 * sizeof(float);
constexpr std::size_t kShareBytesVersion1 = 2 + 8 + 4 * sizeof(float);

constexpr std::uint8_t kLearnable = 1;
constexpr std::uint8_t kHasBaseline = 2;
constexpr std::uint8_t kHasObserved = 4;
constexpr std::uint8_t kActive = 8;
constexpr std::uint8_t kAudit = 16;
constexpr std::uint8_t kFlagsVersion1 = kLearnable | kHasBaseline;
constexpr std::uint8_t kFlags = kFlagsVersion1 | kHasObserved | kActive | kAudit;

std::uint8_t FlagsOf(const DecisionRecord& record) {
  return static_cast<std::uint8_t>((record.learnable ? kLearnable : 0) |
                                   (record.baseline_arm ? kHasBaseline : 0) |
                                   (record.observed_arm ? kHasObserved : 0) |
                                   (record.active ? kActive : 0) | (record.audit ? kAudit : 0));
}

// An arm that is absent has its place all the same, filled with 0.
std::optional<std::uint16_t> GetArm(ByteReader& in, bool present) {
  const auto arm = in.Get<std::uint16_t>();
  if (present) return arm;
  if (arm != 0) in.Fail();
  return std::nullopt;
}

void PutShares(ByteWriter& out, const std::vector<ArmShare>& shares) {
  out.PutCount(shares.size());
  for (const ArmShare& share : shares) {
    out.Put(share.arm);
    out.Put(share.probability_q32);
    out.Put(share.mean);
    out.Put(share.width);
    out.Put(share.expected_cost_usd);
    out.Put(share.expected_latency_ms);
    out.Put(share.score);
  }
}

std::vector<ArmShare> GetShares(ByteReader& in, std::uint8_t version) {
  std::vector<ArmShare> shares(in.GetCount(version == 1 ? kShareBytesVersion1 : kShareBytes));
  for (ArmShare& share : shares) {
    share.arm = in.Get<std::uint16_t>();
    share.probability_q32 = in.Get<std::uint64_t>();
    share.mean = in.Get<float>();
    share.width = in.Get<float>();
    share.expected_cost_usd = in.Get<float>();
    if (version > 1) share.expected_latency_ms = in.Get<float>();
    share.score = in.Get<float>();
  }
  return shares;
}

// Reads from narrowed_by to baseline_arm; gives the flags back for what stands behind.
std::uint8_t GetChoice(ByteReader& in, DecisionRecord& record, std::uint8_t version) {
  record.narrowed_by = version == 1 ? in.Get<std::uint8_t>() : in.Get<std::uint16_t>();
  const auto flags = in.Get<std::uint8_t>();
  if ((flags & ~(version == 1 ? kFlagsVersion1 : kFlags)) != 0) in.Fail();
  record.learnable = (flags & kLearnable) != 0;
  record.active = version == 1 || (flags & kActive) != 0;
  record.audit = (flags & kAudit) != 0;
  record.arm = in.Get<std::uint16_t>();
  record.greedy_arm = in.Get<std::uint16_t>();
  record.baseline_arm = GetArm(in, (flags & kHasBaseline) != 0);
  return flags;
}

// What version 1 did not have.
void PutAdded(ByteWriter& out, const DecisionRecord& record) {
  out.Put(record.tick);
  out.Put(record.notes);
  out.Put(record.observed_arm.value_or(0));
  out.Put(record.latency_weight);
  out.Put(record.reserved_usd);
  out.Put(record.map_version);
  out.PutString(record.features);
  out.PutString(record.plan);
  out.Put(record.session);
}

void GetAdded(ByteReader& in, DecisionRecord& record, std::uint8_t flags) {
  record.tick = in.Get<std::uint64_t>();
  record.notes = in.Get<std::uint16_t>();
  record.observed_arm = GetArm(in, (flags & kHasObserved) != 0);
  record.latency_weight = in.Get<double>();
  record.reserved_usd = in.Get<double>();
  record.map_version = in.Get<std::uint32_t>();
  record.features = in.GetString();
  record.plan = in.GetString();
  record.session = in.Get<std::uint64_t>();
}

}  // namespace

std::size_t PayloadBytesMax(const DecisionRecord& record) {
  std::size_t tags = 0;
  for (const std::string& tag : record.tags) tags += sizeof(std::uint32_t) + tag.size();
  return kFixedBytes + record.shares.size() * kShareBytes + record.context.size() * sizeof(float) +
         record.features.size() + record.plan.size() + record.request_id.size() + tags;
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
  out.Put(FlagsOf(record));
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
  out.PutStrings(record.tags);
  PutAdded(out, record);
}

DecisionRecord GetDecision(ByteReader& in, std::uint8_t version) {
  DecisionRecord record;
  in.GetRaw(record.id.bytes.data(), record.id.bytes.size());
  record.time_us = in.Get<std::uint64_t>();
  record.router = in.Get<std::uint32_t>();
  record.sequence = in.Get<std::uint64_t>();
  record.policy_version = in.Get<std::uint64_t>();
  record.policy_kind = in.Get<std::uint8_t>();
  record.exploration_mode = in.Get<std::uint8_t>();
  record.reason = in.Get<std::uint8_t>();
  const std::uint8_t flags = GetChoice(in, record, version);
  record.eligible = in.Get<std::uint64_t>();
  record.cost_weight = in.Get<double>();
  record.exploration = in.Get<double>();
  record.list_price_usd = in.Get<double>();
  record.shares = GetShares(in, version);
  record.context.resize(in.GetCount(sizeof(float)));
  in.GetRaw(record.context.data(), record.context.size() * sizeof(float));
  record.request_id = in.GetString();
  record.request_digest = in.Get<std::uint64_t>();
  record.tags = in.GetStrings();
  if (version == 1) {
    record.tick = record.sequence;  // nothing else counted a router's decisions then
  } else {
    GetAdded(in, record, flags);
  }
  return record;
}

}  // namespace sluice::store
