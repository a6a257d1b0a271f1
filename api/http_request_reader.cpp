#include "api/http_request_reader.h"

#include <optional>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "api/http_request_facts.h"

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

constexpr std::string_view kHeaderEnd = "\r\n\r\n";

class Parser final : public http::basic_parser<true> {
 public:
  explicit Parser(RequestFacts& facts) : facts_(facts), counts_(facts.counts) {}

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
        facts_.host = text;
        break;
      case http::field::origin:
        facts_.has_origin = true;
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

  RequestFacts& facts_;
  RequestFacts::Counts& counts_;
};

Refusal RefusalOf(const Error& error) {
  if (error == http::error::body_limit) {
    return {413, "the body is too large"};
  }
  if (error == http::error::header_limit) {
    return {431, "the header is too large"};
  }
  return {400, "the request is not well-formed HTTP/1.1"};
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
    if (const auto refused = CheckHeader(facts, limits.headers_max)) {
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
  RequestFacts facts;
  std::optional<Parser> parser;
  State state = State::kHeader;
  Refusal refusal;
  std::size_t searched = 0;  // of the header's bytes, where no end has been found
  RequestTarget target;      // within the facts
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

std::string_view RequestReader::host() const {
  return impl_->facts.host;
}

bool RequestReader::has_origin() const {
  return impl_->facts.has_origin;
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
