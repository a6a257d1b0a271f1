#include "policy/encoder.h"

#include <array>
#include <cmath>
#include <string>

#include <catch2/catch.hpp>

#include "policy/rng.h"
#include "policy/text_scan.h"
#include "tests/support/policy_fixtures.h"

namespace sluice::policy {
namespace {

using Raw = std::array<double, kScalarFeatures>;

Raw RawOf(std::string_view text) {
  Raw raw;
  RawScalars(text, raw.data());
  return raw;
}

// Features by their number in the list, 1 to 36.
double Feature(int number, std::string_view text) {
  return RawOf(text)[static_cast<std::size_t>(number - 1)];
}

TEST_CASE("lengths are logarithms of code points and words and lines") {
  CHECK(Feature(1, "abcd") == Approx(std::log(5)).epsilon(1e-15));
  CHECK(Feature(1, "h\xC3\xA9llo") == Approx(std::log(6)).epsilon(1e-15));
  CHECK(Feature(2, " two  words\n") == Approx(std::log(3)).epsilon(1e-15));
  CHECK(Feature(2, "") == Approx(std::log(2)).epsilon(1e-15));
  CHECK(Feature(3, "a\nb\n\n") == Approx(std::log(4)).epsilon(1e-15));
  CHECK(Feature(7, "ab abcd") == 3);
  CHECK(Feature(7, "\xC3\xA9\xC3\xA9 abcd") == 3);
  CHECK(Feature(7, " \n") == 0);
}

TEST_CASE("the logarithm is exact to the last places at any length") {
  for (std::size_t n : {0u, 1u, 2u, 3u, 99u, 1000u, 16384u, 1048576u}) {
    CAPTURE(n);
    CHECK(Feature(1, std::string(n, 'x')) ==
          Approx(std::log1p(static_cast<double>(n))).epsilon(4e-16));
  }
}

TEST_CASE("digits and capitals and operators are counted") {
  CHECK(Feature(4, "a1b22") == Approx(3. / 5));
  CHECK(Feature(5, "a1b22 333") == Approx(std::sqrt(3)));
  CHECK(Feature(6, "AbC.") == Approx(.5));
  CHECK(Feature(8, "a+b-c*d/e=f^g<h>i%j$k\\") == Approx(std::sqrt(11)));
  CHECK(Feature(13, "??") == Approx(std::sqrt(2)));
  CHECK(Feature(14, "a,b,c,") == Approx(std::sqrt(3)));
  CHECK(Feature(15, "\"x\"") == Approx(std::sqrt(2)));
  CHECK(Feature(16, "$5 $6") == Approx(std::sqrt(2)));
}

TEST_CASE("code is known by whole words and marks") {
  CHECK(Feature(9, "Write a PYTHON program") == 1);
  CHECK(Feature(9, "def") == 1);
  CHECK(Feature(9, "(int)") == 1);
  CHECK(Feature(9, "pythons define printing int_ 2int") == 0);
  CHECK(Feature(10, "x;") == 1);
  CHECK(Feature(10, "```") == 1);
  CHECK(Feature(10, "``") == 0);
}

TEST_CASE("options are counted in text and at line starts") {
  CHECK(Feature(11, "(A) x B. y C: z K) D)") == Approx(std::sqrt(3)));
  CHECK(Feature(11, "A.B. ") == 1);
  CHECK(Feature(12, "A) x\n (B) y\n\n\t C. z\nD: no\nxE. no A. no") == Approx(std::sqrt(3)));
  CHECK(Feature(12, "\n\n\nA.\n\n(B)") == Approx(std::sqrt(2)));
  CHECK(Feature(12, "(\nA.") == 1);
  CHECK(Feature(12, "A") == 0);
  CHECK(Feature(12, "(") == 0);
}

TEST_CASE("questions and sentences end where they should") {
  CHECK(Feature(17, "Why? \n\t") == 1);
  CHECK(Feature(17, "Why? no") == 0);
  CHECK(Feature(17, "") == 0);
  CHECK(Feature(19, "One. Two! Three?") == Approx(std::sqrt(3)));
  CHECK(Feature(19, "3.14 e.g. x...") == Approx(std::sqrt(2)));
  CHECK(Feature(18, "The the THE cat") == Approx(.5));
  CHECK(Feature(20, "extraordinary days 123456789 1234567890") == Approx(.5));
  CHECK(Feature(21, "plain") == 0);
  CHECK(Feature(21, "na\xC3\xAFve") == 1);
}

TEST_CASE("each marked word sets its own feature") {
  const char* words[] = {"what", "which", "who",  "when",  "where", "why",  "how",      "if",
                         "not",  "all",   "true", "false", "most",  "best", "following"};
  for (int i = 0; i < 15; ++i) {
    const Raw raw = RawOf(std::string("x ") + words[i] + ", y");
    for (int k = 0; k < 15; ++k) {
      CAPTURE(words[i], k);
      CHECK(raw[static_cast<std::size_t>(21 + k)] == (i == k ? 1 : 0));
    }
  }
  CHECK(Feature(22, "whatever") == 0);
  CHECK(Feature(22, "WHAT'S") == 1);
}

TEST_CASE("invalid UTF-8 counts byte by byte") {
  const auto points = [](std::string_view text) { return CountText(text).code_points; };
  CHECK(points("\xC3\xA9") == 1);
  CHECK(points("\xE2\x82\xAC") == 1);
  CHECK(points("\xF0\x9F\x98\x80") == 1);
  CHECK(points("\xC3") == 1);
  CHECK(points("\xC3\xC3") == 2);
  CHECK(points("\xE2\x82") == 2);
  CHECK(points("\xC0\xAF") == 2);          // overlong
  CHECK(points("\xED\xA0\x80") == 3);      // a surrogate
  CHECK(points("\xF5\x80\x80\x80") == 4);  // beyond Unicode
  CHECK(points("\x80\xBF\xFF") == 3);
  CHECK(points(std::string_view("a\0b", 3)) == 3);
}

TEST_CASE("any bytes give finite features within the clip") {
  Rng rng(41);
  const auto encoder = MakeScalarEncoder();
  for (int i = 0; i < 3000; ++i) {
    std::string text(rng.Below(200), '\0');
    for (char& c : text) {
      c = static_cast<char>(rng.Below(i % 2 == 0 ? 256 : 128));
    }
    CAPTURE(i);
    std::array<float, kScalarFeatures> features;
    encoder->Encode(text, features.data());
    for (float feature : features) {
      REQUIRE(std::abs(feature) <= 2.4f);
    }
  }
}

TEST_CASE("hostile texts of sixteen kilobytes are read in linear time") {
  // A quadratic scan of these would count 10^8 steps and more; the promise is the result.
  for (const char* part : {"\n", " ", "(", "A.", "a ", "\xE2\x82"}) {
    std::string text;
    while (text.size() < 16384) {
      text += part;
    }
    CAPTURE(part);
    CHECK(std::isfinite(RawOf(text)[0]));
  }
  CHECK(Feature(12, std::string(16384, '\n') + "A.") == 1);
}

TEST_CASE("encoded features are the standardised scalars") {
  const auto encoder = MakeScalarEncoder();
  REQUIRE(encoder->dimension() == kScalarFeatures);
  CHECK(encoder->id() == "scalars36/1");
  std::array<float, kScalarFeatures> features;
  encoder->Encode("What is " + std::string(291, 'x') + "?", features.data());
  CHECK(features[0] == Approx((std::log(301) - 5.66754) / .74641 * .8).epsilon(1e-6));
  CHECK(features[21] == Approx((1 - .145013) / .352115 * .8).epsilon(1e-6));
  encoder->Encode("", features.data());
  CHECK(features[0] == Approx(-2.4));
}

TEST_CASE("the encoder gives the same bits in every build") {
  const auto encoder = MakeScalarEncoder();
  const char* texts[] = {"", "Why is the sky blue?", "def f(x):\n  return x ** 2;",
                         "(A) 12 (B) 13.5\nC. \xE2\x82\xAC"
                         "99, or \"none\"!"};
  std::vector<double> bits;
  for (const char* text : texts) {
    std::array<float, kScalarFeatures> features;
    encoder->Encode(text, features.data());
    bits.insert(bits.end(), features.begin(), features.end());
  }
  CHECK(test::HashBits(bits) == 0x8a0ba472d4fcae65ULL);
}

}  // namespace
}  // namespace sluice::policy
