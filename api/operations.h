// What operators ask of the admin plane, and what they are answered, as plain values. Names and
// meanings are those of openapi.yaml.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/messages.h"

namespace sluice::api {

// Limits of an arm on the wire, those of the configuration.
inline constexpr int kTierMax = 16;
inline constexpr double kPriceMax = 1e6;  // USD per million tokens
inline constexpr double kStartStrengthMax = 1e6;
inline constexpr std::size_t kCapabilitiesMax = 64;
inline constexpr std::size_t kParamsMax = 32;
inline constexpr std::size_t kParamBytesMax = 1024;  // of a text
inline constexpr std::size_t kPriceChangesMax = 64;

// The order is on disk (store::AdminRecord::operation): append only.
enum class AdminOperation : std::uint8_t {
  kFreeze,
  kUnfreeze,
  kRollback,
  kReset,
  kRefit,
  // Of challengers: its policy goes into force, the configured one comes back, its test is ended;
  // and what is written down of a test that passed.
  kPromote,
  kDemote,
  kStop,
  kRecommend,
};

struct AdminRequest {
  std::string router;
  AdminOperation operation = AdminOperation::kFreeze;
  // kRollback: a log position; what lies after it is not learnt. None: the checkpoint before last.
  std::optional<std::uint64_t> position;
  std::string arm;         // kReset: one arm; empty: all
  std::string challenger;  // kPromote, kStop
};

// Done: it stands in the log at `position` and is folded.
struct AdminAnswer {
  std::uint64_t position = 0;
  std::string detail;
};

// PUT /v1/routers/{router}/arms/{arm}: the arm as a whole.
struct ArmPut {
  struct Price {
    std::uint64_t from_us = 0;
    double input_per_million_usd = 0;
    double output_per_million_usd = 0;
  };
  std::string router;
  std::string arm;
  std::string model;
  int tier = 1;
  double price_input_per_million_usd = 0;
  double price_output_per_million_usd = 0;
  std::vector<Price> price_changes;
  std::vector<std::string> capabilities;
  Params params;
  std::string state = "active";  // active, paused, draining
  std::string start = "others";  // others, prior, or an arm's name; of an arm that is new
  std::string statistics;  // bytes that GET .../statistics gave (base64 on the wire); or empty
  double start_strength = 25;
};

struct ConfigChange {
  std::string field;
  std::string from;
  std::string to;
  std::string effect;  // live, rebuild, restart
};

}  // namespace sluice::api
