#include "api/http_request_reader.h"

#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace sluice::api {
namespace {

using State = RequestReader::State;
using namespace std::string_literals;

// Feeds the bytes in pieces of one size, as a connection would, and stops where the reader does.
// Returns what was left over.
std::string Feed(RequestReader& reader, std::string_view bytes, std::size_t piece) {
  std::string waiting;
  bool stuck = false;
  while (reader.state() == State::kHeader || reader.state() == State::kBody) {
    const State before = reader.state();
    const std::size_t taken = reader.Put(waiting);
    waiting.erase(0, taken);
    if (taken > 0 || reader.state() != before) {
      continue;
    }
    if (bytes.empty()) {
      stuck = true;
      break;
    }
    waiting += bytes.substr(0, piece);
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  return stuck ? "" : waiting + std::string(bytes);
}

const std::string kHead = "POST /p HTTP/1.1\r\nHost: a\r\n";
const std::string kChunked = kHead + "Transfer-Encoding: chunked\r\n\r\n";

constexpr RequestLimits kLimits{
    .header_bytes_max = 8192, .headers_max = 20, .body_bytes_max = 65536};

struct AcceptedRow {
  const char* what;
  std::string bytes;
  std::string body;
};

TEST_CASE("requests that HTTP allows are accepted however they are cut") {
  const AcceptedRow rows[] = {
      {"no body", "GET /p HTTP/1.1\r\nHost: a\r\n\r\n", ""},
      {"a body of length zero", kHead + "Content-Length: 0\r\n\r\n", ""},
      {"a body", kHead + "Content-Length: 5\r\n\r\nhello", "hello"},
      {"leading zeros in the length", kHead + "Content-Length: 005\r\n\r\nhello", "hello"},
      {"an empty chunked body", kChunked + "0\r\n\r\n", ""},
      {"chunks", kChunked + "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", "hello"},
      {"chunk size with zeros and letters", kChunked + "00A\r\n0123456789\r\n0\r\n\r\n",
       "0123456789"},
      {"a chunk extension", kChunked + "5;a=b;c=\"d\"\r\nhello\r\n0\r\n\r\n", "hello"},
      {"trailers are dropped", kChunked + "5\r\nhello\r\n0\r\nX: y\r\nHost: b\r\n\r\n", "hello"},
      {"coding in capitals", kHead + "Transfer-Encoding: Chunked\r\n\r\n0\r\n\r\n", ""},
      {"HTTP 1.0", "GET /p HTTP/1.0\r\n\r\n", ""},
      {"HTTP 1.0 with a body", "POST /p HTTP/1.0\r\nContent-Length: 2\r\n\r\nok", "ok"},
      {"an absolute target", "GET http://a:80/p HTTP/1.1\r\nHost: a\r\n\r\n", ""},
      {"an empty Host", "GET /p HTTP/1.1\r\nHost:\r\n\r\n", ""},
      {"a Host with a v6 address", "GET /p HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", ""},
      {"a method of one's own", "BREW /p HTTP/1.1\r\nHost: a\r\n\r\n", ""},
      {"no space after a colon", "GET /p HTTP/1.1\r\nHost:a\r\n\r\n", ""},
      {"an expectation", kHead + "Expect: 100-Continue\r\nContent-Length: 2\r\n\r\nok", "ok"},
      {"bytes beyond ASCII in a value", "GET /p HTTP/1.1\r\nHost: a\r\nX: \xC3\xA9\r\n\r\n", ""},
  };
  for (const AcceptedRow& row : rows) {
    for (const std::size_t piece : {1U, 2U, 3U, 7U, 4096U}) {
      INFO(row.what << " in pieces of " << piece);
      RequestReader reader(kLimits);
      const std::string left = Feed(reader, row.bytes + "GET /next", piece);
      REQUIRE(reader.state() == State::kDone);
      CHECK(reader.path() == "/p");
      CHECK(reader.body() == row.body);
      CHECK(left == "GET /next");
    }
  }
}

struct RefusedRow {
  const char* what;
  std::string bytes;
  int status = 400;
};

std::string ManyHeaders(std::size_t count) {
  std::string lines;
  for (std::size_t i = 0; i < count; ++i) {
    lines += "X-" + std::to_string(i) + ": y\r\n";
  }
  return lines;
}

std::vector<RefusedRow> AmbiguousFraming() {
  const std::string te = "Transfer-Encoding: chunked\r\n";
  const std::string end = "\r\n5\r\nhello\r\n0\r\n\r\n";
  return {
      {"length then coding", kHead + "Content-Length: 5\r\n" + te + end},
      {"coding then length", kHead + te + "Content-Length: 5\r\n" + end},
      {"two lengths that differ", kHead + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"},
      {"two lengths that agree", kHead + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"},
      {"a list of lengths", kHead + "Content-Length: 5, 5\r\n\r\nhello"},
      {"length with a plus", kHead + "Content-Length: +5\r\n\r\nhello"},
      {"length below zero", kHead + "Content-Length: -5\r\n\r\nhello"},
      {"length in hex", kHead + "Content-Length: 0x5\r\n\r\nhello"},
      {"length with a fraction", kHead + "Content-Length: 5.0\r\n\r\nhello"},
      {"length with a space inside", kHead + "Content-Length: 1 2\r\n\r\nhello"},
      {"empty length", kHead + "Content-Length:\r\n\r\n"},
      {"length beyond 64 bits", kHead + "Content-Length: 18446744073709551621\r\n\r\nhello"},
      {"coding twice", kHead + te + te + end},
      {"chunked after chunked", kHead + "Transfer-Encoding: chunked, chunked\r\n" + end},
      {"identity", kHead + "Transfer-Encoding: identity\r\n\r\nhello"},
      {"chunked then identity", kHead + "Transfer-Encoding: chunked, identity\r\n" + end},
      {"gzip then chunked", kHead + "Transfer-Encoding: gzip, chunked\r\n" + end},
      {"a coding like chunked", kHead + "Transfer-Encoding: xchunked\r\n" + end},
      {"chunked in quotes", kHead + "Transfer-Encoding: \"chunked\"\r\n" + end},
      {"chunked with a parameter", kHead + "Transfer-Encoding: chunked;a=b\r\n" + end},
      {"empty coding", kHead + "Transfer-Encoding:\r\n" + end},
      {"coding with a vertical tab", kHead + "Transfer-Encoding: \vchunked\r\n" + end},
      {"space before the colon", kHead + "Transfer-Encoding : chunked\r\n" + end},
      {"HTTP 1.0 with a coding", "POST /p HTTP/1.0\r\nHost: a\r\n" + te + end},
  };
}

std::vector<RefusedRow> BadHeaders() {
  return {
      {"no Host", "GET /p HTTP/1.1\r\n\r\n"},
      {"two Hosts", "GET /p HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"},
      {"two Hosts in HTTP 1.0", "GET /p HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"},
      {"a Host with a space", "GET /p HTTP/1.1\r\nHost: a b\r\n\r\n"},
      {"a Host with a path", "GET /p HTTP/1.1\r\nHost: a/b\r\n\r\n"},
      {"a Host with a user", "GET /p HTTP/1.1\r\nHost: u@a\r\n\r\n"},
      {"a folded line", "GET /p HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n"},
      {"a line folded by a tab", "GET /p HTTP/1.1\r\nHost: a\r\nX: y\r\n\tz\r\n\r\n"},
      {"a space before the first header", "GET /p HTTP/1.1\r\n Host: a\r\n\r\n"},
      {"bare line feeds", "GET /p HTTP/1.1\nHost: a\n\n\r\n\r\n"},
      {"a bare carriage return", "GET /p HTTP/1.1\r\nHost: a\r\nX: y\rz\r\n\r\n"},
      {"a NUL in a value", "GET /p HTTP/1.1\r\nHost: a\r\nX: y\0z\r\n\r\n"s},
      {"a NUL in a name", "GET /p HTTP/1.1\r\nHost: a\r\nX\0: y\r\n\r\n"s},
      {"an empty name", "GET /p HTTP/1.1\r\nHost: a\r\n: y\r\n\r\n"},
      {"no colon", "GET /p HTTP/1.1\r\nHost: a\r\nX\r\n\r\n"},
      {"a separator in a name", "GET /p HTTP/1.1\r\nHost: a\r\nX(y): z\r\n\r\n"},
      {"two content types",
       "GET /p HTTP/1.1\r\nHost: a\r\nContent-Type: a\r\nContent-Type: b\r\n\r\n"},
      {"an unknown expectation", "GET /p HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n", 417},
      {"two expectations",
       kHead + "Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n", 417},
      {"too many headers", "GET /p HTTP/1.1\r\nHost: a\r\n" + ManyHeaders(20) + "\r\n", 431},
      {"a header that is too long",
       "GET /p HTTP/1.1\r\nHost: a\r\nX: " + std::string(8192, 'y') + "\r\n\r\n", 431},
      {"a header without end", "GET /p HTTP/1.1\r\nHost: a\r\nX: " + std::string(20000, 'y'), 431},
      {"a target without end", "GET /" + std::string(20000, 'y'), 431},
  };
}

std::vector<RefusedRow> BadRequestLines() {
  return {
      {"HTTP 2.0", "GET /p HTTP/2.0\r\nHost: a\r\n\r\n"},
      {"HTTP 1.9", "GET /p HTTP/1.9\r\nHost: a\r\n\r\n"},
      {"HTTP 0.9", "GET /p HTTP/0.9\r\nHost: a\r\n\r\n"},
      {"no version", "GET /p\r\nHost: a\r\n\r\n"},
      {"the preface of HTTP 2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
      {"lower-case version", "GET /p http/1.1\r\nHost: a\r\n\r\n"},
      {"two spaces before the target", "GET  /p HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"two spaces after the target", "GET /p  HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"a tab for a space", "GET\t/p HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"a space in the target", "GET /p q HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"a target that is not ASCII", "GET /\xC3\xA9 HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"a fragment in the target", "GET /p#f HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"a target that is no path", "GET p HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"a target of another scheme", "GET ftp://a/p HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"a target for a tunnel", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"an empty line first", "\r\nGET /p HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"a method with a separator", "GE(T /p HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"a handshake of TLS",
       std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + "\r\n\r\n"},
  };
}

std::vector<RefusedRow> BadBodies() {
  return {
      {"a length over the limit", kHead + "Content-Length: 65537\r\n\r\n", 413},
      {"a chunk over the limit", kChunked + "10001\r\n", 413},
      {"chunks over the limit", kChunked + "8000\r\n" + std::string(32768, 'x') + "\r\n8001\r\n",
       413},
      {"a chunk size that is no number", kChunked + "x\r\nhello\r\n0\r\n\r\n"},
      {"a chunk size below zero", kChunked + "-5\r\nhello\r\n0\r\n\r\n"},
      {"a chunk size with 0x", kChunked + "0x5\r\nhello\r\n0\r\n\r\n"},
      {"a chunk size with a space", kChunked + " 5\r\nhello\r\n0\r\n\r\n"},
      {"a chunk size beyond 64 bits", kChunked + "10000000000000005\r\nhello\r\n0\r\n\r\n"},
      {"an empty chunk size", kChunked + "\r\nhello\r\n0\r\n\r\n"},
      {"a chunk size ended by a line feed", kChunked + "5\nhello\r\n0\r\n\r\n"},
      {"a chunk without its end", kChunked + "5\r\nhelloo\r\n0\r\n\r\n"},
      {"a chunk ended by a line feed", kChunked + "5\r\nhello\n0\r\n\r\n"},
      {"a chunk extension of 5000 bytes",
       kChunked + "5;" + std::string(5000, 'a') + "\r\nhello\r\n0\r\n\r\n"},
      {"a chunk extension of 1100 bytes",
       kChunked + "5;" + std::string(1100, 'a') + "\r\nhello\r\n0\r\n\r\n"},
      {"many chunk extensions",
       [] {
         std::string chunks = kChunked;
         for (int i = 0; i < 20; ++i) {
           chunks += "1;" + std::string(100, 'a') + "\r\nx\r\n";
         }
         return chunks + "0\r\n\r\n";
       }()},
      {"endless trailers", kChunked + "0\r\nX: " + std::string(20000, 'y')},
      {"a length in the trailers", kChunked + "5\r\nhello\r\n0\r\nContent-Length: 1\r\n\r\n"},
  };
}

TEST_CASE("requests that are malformed or ambiguous are refused however they are cut") {
  for (const auto& rows : {AmbiguousFraming(), BadHeaders(), BadRequestLines(), BadBodies()}) {
    for (const RefusedRow& row : rows) {
      for (const std::size_t piece : {1U, 5U, 100000U}) {
        INFO(row.what << " in pieces of " << piece);
        RequestReader reader(kLimits);
        Feed(reader, row.bytes, piece);
        REQUIRE(reader.state() == State::kRefused);
        CHECK(reader.status() == row.status);
        CHECK_FALSE(reader.detail().empty());
      }
    }
  }
}

TEST_CASE("nothing of a body over the limit is held") {
  RequestReader reader(kLimits);
  Feed(reader, kHead + "Content-Length: 70000\r\n\r\n" + std::string(70000, 'x'), 4096);
  CHECK(reader.state() == State::kRefused);
  CHECK(reader.body().empty());
  RequestReader chunked(kLimits);
  Feed(chunked, kChunked + "11170\r\n" + std::string(70000, 'x'), 4096);
  CHECK(chunked.state() == State::kRefused);
  CHECK(chunked.body().empty());
}

TEST_CASE("a body of just the limit is accepted") {
  for (const std::string& head :
       {kHead + "Content-Length: 65536\r\n\r\n", kChunked + "10000\r\n"}) {
    RequestReader reader(kLimits);
    Feed(reader, head + std::string(65536, 'x') + "\r\n0\r\n\r\n", 4096);
    CHECK(reader.state() == State::kDone);
    CHECK(reader.body().size() == 65536);
  }
}

TEST_CASE("a target is split into path and query") {
  struct Row {
    const char* target;
    const char* path;
    const char* query;
  };
  const Row rows[] = {
      {"/", "/", ""},
      {"/a?b=c?d", "/a", "b=c?d"},
      {"/a?", "/a", ""},
      {"/a%20b", "/a%20b", ""},
      {"http://host/a?b", "/a", "b"},
      {"HTTPS://host:1/a", "/a", ""},
      {"http://host", "/", ""},
      {"http://host?q", "/", "q"},
      {"/redirect?to=http://host/x", "/redirect", "to=http://host/x"},
      {"*", "*", ""},
  };
  for (const Row& row : rows) {
    INFO(row.target);
    RequestReader reader(kLimits);
    Feed(reader, std::string("GET ") + row.target + " HTTP/1.1\r\nHost: a\r\n\r\n", 4096);
    REQUIRE(reader.state() == State::kDone);
    CHECK(reader.path() == row.path);
    CHECK(reader.query() == row.query);
  }
}

TEST_CASE("a client says whether it will ask again") {
  const auto keeps = [](const std::string& head) {
    RequestReader reader(kLimits);
    Feed(reader, head + "\r\n\r\n", 4096);
    REQUIRE(reader.state() == State::kDone);
    return reader.keep_alive();
  };
  CHECK(keeps("GET / HTTP/1.1\r\nHost: a"));
  CHECK_FALSE(keeps("GET / HTTP/1.1\r\nHost: a\r\nConnection: close"));
  CHECK_FALSE(keeps("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close"));
  CHECK_FALSE(keeps("GET / HTTP/1.0\r\nHost: a"));
  CHECK(keeps("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive"));
}

TEST_CASE("a reader that was reset knows nothing of the request before") {
  RequestReader reader(kLimits);
  Feed(reader, kHead + "Content-Type: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok",
       99);
  REQUIRE(reader.state() == State::kDone);
  reader.Reset();
  CHECK(reader.state() == State::kHeader);
  Feed(reader, "GET /q HTTP/1.1\r\nHost: b\r\n\r\n", 99);
  REQUIRE(reader.state() == State::kDone);
  CHECK(reader.method() == "GET");
  CHECK(reader.path() == "/q");
  CHECK(reader.content_type().empty());
  CHECK(reader.body().empty());
  CHECK_FALSE(reader.wants_continue());
  CHECK(reader.body_bytes_announced() == 0);
}

}  // namespace
}  // namespace sluice::api
