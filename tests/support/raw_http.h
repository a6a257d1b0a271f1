// An HTTP client that sends exactly the bytes it is given, for tests of what a server makes of
// them.
#pragma once

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace sluice::test {

struct RawResponse {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;

  std::string Header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

// One connection to the loopback. Every wait ends, after ten seconds at the latest.
class RawConnection {
 public:
  static constexpr std::chrono::milliseconds kPatience{10000};

  explicit RawConnection(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    Connect(reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
  // To the loopback of version six.
  static RawConnection V6(std::uint16_t port) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(port);
    address.sin6_addr = in6addr_loopback;
    RawConnection connection;
    connection.socket_ = ::socket(AF_INET6, SOCK_STREAM, 0);
    connection.Connect(reinterpret_cast<const sockaddr*>(&address), sizeof address);
    return connection;
  }
  RawConnection(RawConnection&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)), received_(std::move(other.received_)) {}
  ~RawConnection() {
    if (socket_ >= 0) {
      ::close(socket_);
    }
  }
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;
  RawConnection& operator=(RawConnection&&) = delete;

  // False when the other side no longer takes anything.
  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) {
        return false;
      }
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // The next response; nothing when the connection ends, or stays silent, before it is complete.
  std::optional<RawResponse> Receive(bool to_head = false) {
    const std::size_t end = WaitFor("\r\n\r\n");
    if (end == std::string::npos) {
      return std::nullopt;
    }
    RawResponse response = ParseHead(received_.substr(0, end));
    received_.erase(0, end + 4);
    const std::string length = response.Header("content-length");
    const std::size_t bytes = to_head || length.empty() ? 0 : std::stoul(length);
    while (received_.size() < bytes) {
      if (!ReadSome()) {
        return std::nullopt;
      }
    }
    response.body = received_.substr(0, bytes);
    received_.erase(0, bytes);
    return response;
  }

  std::optional<RawResponse> Exchange(std::string_view bytes) {
    Send(bytes);
    return Receive();
  }

  // Whether the other side ends the connection within the patience; drops what still comes.
  bool EndsSoon() {
    while (ReadSome()) {
      received_.clear();
    }
    return ended_;
  }

 private:
  RawConnection() = default;

  void Connect(const sockaddr* address, socklen_t size) {
    if (::connect(socket_, address, size) != 0) {
      ::close(socket_);
      throw std::runtime_error("cannot connect");
    }
  }

  std::size_t WaitFor(std::string_view text) {
    std::size_t found = received_.find(text);
    while (found == std::string::npos && ReadSome()) {
      found = received_.find(text);
    }
    return found;
  }

  bool ReadSome() {
    pollfd poll{.fd = socket_, .events = POLLIN, .revents = 0};
    if (::poll(&poll, 1, static_cast<int>(kPatience.count())) != 1) {
      return false;
    }
    char bytes[65536];
    const ssize_t count = ::recv(socket_, bytes, sizeof bytes, 0);
    ended_ = count <= 0;
    if (!ended_) {
      received_.append(bytes, static_cast<std::size_t>(count));
    }
    return !ended_;
  }

  static RawResponse ParseHead(std::string_view head) {
    RawResponse response;
    response.status =
        std::atoi(std::string(head.substr(std::min<std::size_t>(9, head.size()))).c_str());
    std::size_t at = head.find("\r\n");
    while (at != std::string_view::npos) {
      const std::size_t next = head.find("\r\n", at + 2);
      const std::string_view line =
          head.substr(at + 2, next == std::string_view::npos ? next : next - at - 2);
      const std::size_t colon = line.find(": ");
      std::string name(line.substr(0, colon));
      std::transform(name.begin(), name.end(), name.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      response.headers[name] = colon == std::string_view::npos ? "" : line.substr(colon + 2);
      at = next;
    }
    return response;
  }

  int socket_ = -1;
  std::string received_;
  bool ended_ = false;
};

inline std::string GetRequest(const std::string& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: test\r\n\r\n";
}

inline std::string PostRequest(const std::string& path, const std::string& body) {
  return "POST " + path +
         " HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace sluice::test
