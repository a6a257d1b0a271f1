// Text to a vector of features. An encoder is immutable and has an id that changes whenever the
// same text would give other numbers: a model never learns from contexts of another encoder.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace sluice::policy {

class Encoder {
 public:
  virtual ~Encoder() = default;
  virtual std::size_t dimension() const = 0;
  virtual std::string_view id() const = 0;
  // Writes dimension() floats. Any bytes are accepted (invalid UTF-8 counts byte by byte); the
  // caller bounds the length. The same bytes give the same floats on every machine.
  virtual void Encode(std::string_view text, float* out) const = 0;
};

inline constexpr std::size_t kScalarFeatures = 36;

// The 36 text scalars (lengths, digits, punctuation, question words), standardised with constants
// fitted on public prompts, clipped to +-3 and scaled by .8. Nothing to fit, nothing to download.
// Letters, digits and blanks are the ASCII ones; length counts code points. [scalar_encoder.cpp]
std::unique_ptr<const Encoder> MakeScalarEncoder();

// The raw scalars, before standardisation; for tests and for fitting other constants.
void RawScalars(std::string_view text, double* out);

}  // namespace sluice::policy
