#include "api/http_request_reader.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

namespace sluice::api {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using Error = beast::error_code;

// Of one body: a sender that needs more is up to something.
constexpr std::size_t kChunkExtensionBytesMax = 1024;
// A chunk's head, or the trailers: what the parser must see in one piece.
constexpr std::size_t kChunkHeadBytesMax = 4096;
// The shortest end of a chunked body: "0", CRLF, CRLF. The parser wants it whole.
constexpr std::size_t kChunkedBytesMin = 5;
// A body's memory is kept from one request to the next up to this size.
constexpr std::size_t kBodyBytesKept = 64 * 1024;

constexpr std::string_view kHeaderEnd = "\r\n\r\n";

bool SameText(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  });
}

// What one request says. Each header line is seen once, so that what stands twice is known.
struct Facts {
  std::string method;
  std::string target;
  std::string content_type;
  std::string expect;
  std::string body;
  struct Counts {
    std::size_t lines = 0;
    std::size_t hosts = 0;
    std::size_t lengths = 0;
    std::size_t codings = 0;
    std::size_t content_types = 0;
    std::size_t expects = 0;
    std::size_t extension_bytes = 0;
    bool coding_is_chunked = true;
    bool length_is_list = false;
    bool host_is_valid = true;
    bool header_over = false;
    bool is_1_0 = false;
  } counts;

  // Keeps the memory of what is small.
  void Clear() {
    if (body.capacity() > kBodyBytesKept) {
      body = std::string();
    }
    for (std::string* text : {&method, &target, &content_type, &expect, &body}) {
      text->clear();
    }
    counts = {};
  }
};

class Parser final : public http::basic_parser<true> {
 public:
  explicit Parser(Facts& facts) : facts_(facts), counts_(facts.counts) {}

 private:
  using Text = beast::string_view;

  void on_request_impl(http::verb, Text method_text, Text target_text, int number,
                       Error&) override {
    facts_.method.assign(method_text.data(), method_text.size());
    facts_.target.assign(target_text.data(), target_text.size());
    counts_.is_1_0 = number == 10;
  }
  void on_response_impl(int, Text, int, Error&) override {}

  void on_field_impl(http::field field, Text, Text value, Error&) override {
    if (counts_.header_over) {
      return;  // Trailers are dropped.
    }
    ++counts_.lines;
    const std::string_view text(value.data(), value.size());
    switch (field) {
      case http::field::host:
        ++counts_.hosts;
        counts_.host_is_valid = counts_.host_is_valid && IsHost(text);
        break;
      case http::field::content_length:
        ++counts_.lengths;
        counts_.length_is_list = counts_.length_is_list || text.find(',') != std::string_view::npos;
        break;
      case http::field::transfer_encoding:
        ++counts_.codings;
        counts_.coding_is_chunked = counts_.coding_is_chunked && SameText(text, "chunked");
        break;
      case http::field::content_type:
        ++counts_.content_types;
        facts_.content_type = text;
        break;
      case http::field::expect:
        ++counts_.expects;
        facts_.expect = text;
        break;
      default:
        break;
    }
  }

  void on_header_impl(Error&) override { counts_.header_over = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Error&) override {}

  std::size_t on_body_impl(Text bytes, Error&) override {
    facts_.body.append(bytes.data(), bytes.size());
    return bytes.size();
  }

  void on_chunk_header_impl(std::uint64_t, Text extensions, Error& error) override {
    counts_.extension_bytes += extensions.size();
    if (counts_.extension_bytes > kChunkExtensionBytesMax) {
      error = http::error::bad_chunk_extension;
    }
  }

  std::size_t on_chunk_body_impl(std::uint64_t, Text bytes, Error&) override {
    facts_.body.append(bytes.data(), bytes.size());
    return bytes.size();
  }

  void on_finish_impl(Error&) override {}

  // The characters of a host and a port; whether there is such a host is of no interest here.
  static bool IsHost(std::string_view text) {
    constexpr std::string_view kMarks = "-._~:[]%!$&'()*+;=";
    return std::all_of(text.begin(), text.end(), [&](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
             kMarks.find(c) != std::string_view::npos;
    });
  }

  Facts& facts_;
  Facts::Counts& counts_;
};

struct Refusal {
  int status = 400;
  std::string_view detail;
};

// The parser unfolds continued lines, so they have to be looked for before it.
bool HasFoldedLine(std::string_view header) {
  for (std::size_t at = header.find("\r\n"); at != std::string_view::npos;
       at = header.find("\r\n", at + 2)) {
    const char next = at + 2 < header.size() ? header[at + 2] : '\0';
    if (next == ' ' || next == '\t') {
      return true;
    }
  }
  return false;
}

bool IsTarget(std::string_view target) {
  return std::all_of(target.begin(), target.end(),
                     [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
}

std::optional<Refusal> CheckFraming(const Facts::Counts& counts) {
  if (counts.hosts > 1 || (counts.hosts == 0 && !counts.is_1_0) || !counts.host_is_valid) {
    return Refusal{400, "exactly one valid Host is required"};
  }
  if (counts.lengths > 1 || counts.length_is_list) {
    return Refusal{400, "Content-Length may stand once"};
  }
  if (counts.codings > 0 && (counts.codings > 1 || counts.is_1_0 || !counts.coding_is_chunked)) {
    return Refusal{400, "the only transfer coding is chunked, in HTTP/1.1"};
  }
  return std::nullopt;
}

std::optional<Refusal> CheckHeader(const Facts& facts, const RequestLimits& limits) {
  const Facts::Counts& counts = facts.counts;
  if (counts.lines > limits.headers_max) {
    return Refusal{431, "the request has too many header lines"};
  }
  if (auto refusal = CheckFraming(counts)) {
    return refusal;
  }
  if (!IsTarget(facts.target)) {
    return Refusal{400, "the target has characters that are not allowed"};
  }
  if (counts.content_types > 1) {
    return Refusal{400, "Content-Type may stand once"};
  }
  if (counts.expects > 1 || (counts.expects == 1 && !SameText(facts.expect, "100-continue"))) {
    return Refusal{417, "the only expectation is 100-continue"};
  }
  return std::nullopt;
}

Refusal RefusalOf(const Error& error) {
  if (error == http::error::body_limit) {
    return {413, "the body is too large"};
  }
  if (error == http::error::header_limit) {
    return {431, "the header is too large"};
  }
  return {400, "the request is not well-formed HTTP/1.1"};
}

struct Target {
  std::string_view path;
  std::string_view query;
};

// The forms of RFC 9112: "/path?query", and "http://host/path?query" as proxies send it. Nothing
// for "host:port", which only CONNECT uses.
std::optional<Target> SplitTarget(std::string_view target) {
  const std::size_t scheme = target.find("://");
  if (!target.starts_with('/') && scheme != std::string_view::npos) {
    const bool is_http =
        SameText(target.substr(0, scheme), "http") || SameText(target.substr(0, scheme), "https");
    const std::size_t path = std::min(target.find_first_of("/?", scheme + 3), target.size());
    target = is_http ? target.substr(path) : std::string_view("");
    if (is_http && (target.empty() || target.front() == '?')) {
      return Target{"/", target.substr(std::min<std::size_t>(1, target.size()))};
    }
  }
  if (!target.starts_with('/') && target != "*") {
    return std::nullopt;
  }
  const std::size_t mark = std::min(target.find('?'), target.size());
  return Target{target.substr(0, mark), target.substr(std::min(mark + 1, target.size()))};
}

}  // namespace

struct RequestReader::Impl {
  explicit Impl(const RequestLimits& given) : limits(given) { Reset(); }

  void Reset() {
    facts.Clear();
    parser.emplace(facts);
    parser->header_limit(static_cast<std::uint32_t>(limits.header_bytes_max));
    parser->body_limit(limits.body_bytes_max);
    parser->eager(false);
    state = State::kHeader;
    searched = 0;
    target = {};
  }

  void Refuse(const Refusal& why) {
    refusal = why;
    state = State::kRefused;
  }

  // Waits for the whole header, so that it is parsed, and looked at, in one piece.
  std::size_t PutHeader(std::string_view bytes) {
    const std::size_t end = bytes.find(kHeaderEnd, searched);
    if (std::min(end, bytes.size()) > limits.header_bytes_max) {
      Refuse({431, "the header is too large"});
      return 0;
    }
    if (end == std::string_view::npos) {
      searched = bytes.size() < kHeaderEnd.size() ? 0 : bytes.size() - kHeaderEnd.size() + 1;
      return 0;
    }
    const std::string_view header = bytes.substr(0, end + kHeaderEnd.size());
    Error error;
    const std::size_t taken =
        parser->put(boost::asio::const_buffer(header.data(), header.size()), error);
    if (error || taken != header.size() || HasFoldedLine(header)) {
      Refuse(error ? RefusalOf(error) : Refusal{400, "the header is not well-formed"});
      return taken;
    }
    Accept();
    return taken;
  }

  void Accept() {
    if (const auto refused = CheckHeader(facts, limits)) {
      return Refuse(*refused);
    }
    const auto split = SplitTarget(facts.target);
    if (!split) {
      return Refuse({400, "the target must be a path"});
    }
    target = *split;
    parser->eager(true);
    state = parser->is_done() ? State::kDone : State::kBody;
  }

  std::size_t PutBody(std::string_view bytes) {
    const bool chunked = parser->chunked();
    if (bytes.empty() || (chunked && bytes.size() < kChunkedBytesMin)) {
      return 0;
    }
    Error error;
    const std::size_t taken =
        parser->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    if (error && error != http::error::need_more) {
      Refuse(RefusalOf(error));
    } else if (parser->is_done()) {
      state = State::kDone;
    } else if (chunked && bytes.size() - taken > kChunkHeadBytesMax) {
      Refuse({400, "a chunk's head or the trailers are too long"});
    }
    return taken;
  }

  const RequestLimits& limits;
  Facts facts;
  std::optional<Parser> parser;
  State state = State::kHeader;
  Refusal refusal;
  std::size_t searched = 0;  // of the header's bytes, where no end has been found
  Target target;             // within the facts
};

RequestReader::RequestReader(const RequestLimits& limits) : impl_(std::make_unique<Impl>(limits)) {}

RequestReader::~RequestReader() = default;

void RequestReader::Reset() {
  impl_->Reset();
}

std::size_t RequestReader::Put(std::string_view bytes) {
  switch (impl_->state) {
    case State::kHeader:
      return impl_->PutHeader(bytes);
    case State::kBody:
      return impl_->PutBody(bytes);
    case State::kDone:
    case State::kRefused:
      break;
  }
  return 0;
}

RequestReader::State RequestReader::state() const {
  return impl_->state;
}

int RequestReader::status() const {
  return impl_->refusal.status;
}

std::string_view RequestReader::detail() const {
  return impl_->refusal.detail;
}

std::string_view RequestReader::method() const {
  return impl_->facts.method;
}

std::string_view RequestReader::path() const {
  return impl_->target.path;
}

std::string_view RequestReader::query() const {
  return impl_->target.query;
}

std::string_view RequestReader::content_type() const {
  return impl_->facts.content_type;
}

std::size_t RequestReader::body_bytes_announced() const {
  return static_cast<std::size_t>(impl_->parser->content_length().value_or(0));
}

bool RequestReader::wants_continue() const {
  return impl_->facts.counts.expects > 0 && !impl_->facts.counts.is_1_0 &&
         impl_->state == State::kBody && impl_->facts.body.empty();
}

bool RequestReader::keep_alive() const {
  return impl_->parser->keep_alive();
}

bool RequestReader::is_http_1_0() const {
  return impl_->facts.counts.is_1_0;
}

const std::string& RequestReader::body() const {
  return impl_->facts.body;
}

}  // namespace sluice::api
