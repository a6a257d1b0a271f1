// Outcomes. Version 1 said what an outcome could teach and whether it was the first to do so;
// version 2 says how many stand before it, and leaves the rest to whoever reads.

#include "store/record_payloads.h"

namespace sluice::store {
namespace {

constexpr std::size_t kFixedBytes = 160;  // a little above what the fixed fields take

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

// Carries quality, carries cost; the position; is the first with quality, is the first with cost.
void GetEndOfVersion1(ByteReader& in, OutcomeRecord& record) {
  (void)in.GetBool();
  (void)in.GetBool();
  record.decision_position = in.Get<Position>();
  (void)in.GetBool();
  (void)in.GetBool();
  record.ordinal = kOrdinalUnknown;
}

}  // namespace

std::size_t PayloadBytesMax(const OutcomeRecord& record) {
  return kFixedBytes + record.event_id.size() + record.source.size() + record.served_arm.size();
}

void PutPayload(ByteWriter& out, const OutcomeRecord& record) {
  out.PutRaw(record.decision.bytes.data(), record.decision.bytes.size());
  out.PutString(record.event_id);
  out.PutString(record.source);
  out.PutString(record.served_arm);
  out.Put(record.received_us);
  PutOptionals(out, record);
  out.Put(record.seq);
  out.PutBool(record.revoked);
  out.PutBool(record.activate);
  out.Put(record.decision_position);
  out.Put(record.ordinal);
}

OutcomeRecord GetOutcome(ByteReader& in, std::uint8_t version) {
  OutcomeRecord record;
  in.GetRaw(record.decision.bytes.data(), record.decision.bytes.size());
  record.event_id = in.GetString();
  record.source = in.GetString();
  record.served_arm = in.GetString();
  record.received_us = in.Get<std::uint64_t>();
  GetOptionals(in, record);
  if (version == 1) {
    GetEndOfVersion1(in, record);
    return record;
  }
  record.seq = in.Get<std::uint32_t>();
  record.revoked = in.GetBool();
  record.activate = in.GetBool();
  record.decision_position = in.Get<Position>();
  record.ordinal = in.Get<std::uint8_t>();
  return record;
}

}  // namespace sluice::store
