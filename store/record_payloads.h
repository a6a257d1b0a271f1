// What stands between the frame's version and its checksum, for each type of record, and the
// version that is written. Older versions stay readable: fields they did not have take the defaults
// of the struct, unless said otherwise where they are read. Private to records*.cpp.
//
// Every field order and width is part of the permanent format on disk.
#pragma once

#include <cstddef>
#include <cstdint>

#include "store/bytes.h"
#include "store/records.h"

namespace sluice::store {

inline constexpr std::uint8_t kDecisionVersion = 2;
inline constexpr std::uint8_t kOutcomeVersion = 2;
inline constexpr std::uint8_t kRouterVersion = 3;
inline constexpr std::uint8_t kAdminVersion = 1;

// No fewer than will be put, and few more, so that a record is encoded with one allocation.
std::size_t PayloadBytesMax(const DecisionRecord& record);
std::size_t PayloadBytesMax(const OutcomeRecord& record);

void PutPayload(ByteWriter& out, const DecisionRecord& record);
void PutPayload(ByteWriter& out, const OutcomeRecord& record);

// The version is one that is known. What does not have its shape leaves the reader failed.
DecisionRecord GetDecision(ByteReader& in, std::uint8_t version);
OutcomeRecord GetOutcome(ByteReader& in, std::uint8_t version);

}  // namespace sluice::store
