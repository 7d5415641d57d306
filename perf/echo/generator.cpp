// SPDX-License-Identifier: Apache-2.0
// generator.cpp: the clients of echo, for every server: each sends a message, waits for all of it, checks
// every byte, and sends the next.
//
// usage: skein-perf-echo-generator PORT CONNECTIONS MESSAGES     prints one line of JSON
#include <fmt/core.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <span>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <vector>

namespace {

using clock_type = std::chrono::steady_clock;

constexpr std::size_t message_bytes = 64;

[[noreturn]] void fail(char const* call) { throw std::system_error{errno, std::generic_category(), call}; }

/// One connection, one message on its way at a time.
class client {
 public:
  client(std::uint16_t port, std::uint32_t number, std::uint64_t messages)
      : socket_{::socket(AF_INET, SOCK_STREAM, 0)}, number_{number}, left_{messages} {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (socket_ < 0) {
      fail("socket");
    }
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      fail("connect");
    }
    int const on = 1;
    if (::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) {
      fail("setsockopt");
    }
  }
  client(client const&) = delete;
  client& operator=(client const&) = delete;
  ~client() { ::close(socket_); }

  [[nodiscard]] int descriptor() const noexcept { return socket_; }

  void send_next() {
    // Every message differs from every other on every connection.
    std::uint64_t word = (std::uint64_t{number_} << 40U) | left_;
    for (auto& byte : expected_) {
      word = word * 6364136223846793005U + 1442695040888963407U;
      byte = static_cast<char>(word >> 56U);
    }
    received_ = 0;
    sent_at_ = clock_type::now();
    if (::send(socket_, expected_.data(), expected_.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(expected_.size())) {
      fail("send");
    }
  }

  /// Returns     True when the whole answer is there and was right.
  [[nodiscard]] bool receive() {
    std::array<char, message_bytes + 1> answer{};  // one more, to see bytes that nobody sent
    ssize_t const got = ::recv(socket_, answer.data(), answer.size() - received_, 0);
    if (got < 0) {
      fail("recv");
    }
    if (got == 0) {
      throw std::runtime_error{
          fmt::format("connection {}: closed by the server with {} messages to go", number_, left_)};
    }
    auto const bytes = static_cast<std::size_t>(got);
    if (received_ + bytes > message_bytes ||
        !std::equal(answer.begin(), answer.begin() + got,
                    expected_.begin() + static_cast<std::ptrdiff_t>(received_))) {
      throw std::runtime_error{fmt::format("connection {}: the answer is not what was sent", number_)};
    }
    received_ += bytes;
    return received_ == message_bytes;
  }

  /// Returns     True when there is another message to send.
  [[nodiscard]] bool finish_message(std::vector<float>& latencies_us) {
    latencies_us.push_back(std::chrono::duration<float, std::micro>{clock_type::now() - sent_at_}.count());
    return --left_ > 0;
  }

 private:
  int socket_;
  std::uint32_t number_;
  std::uint64_t left_;
  std::size_t received_ = 0;
  std::array<char, message_bytes> expected_{};
  clock_type::time_point sent_at_;
};

/// All clients, on one thread.
class load {
 public:
  load(std::uint16_t port, std::uint32_t connections, std::uint64_t messages) : poll_{::epoll_create1(0)} {
    if (poll_ < 0) {
      fail("epoll_create1");
    }
    for (std::uint32_t i = 0; i < connections; ++i) {
      std::uint64_t const share = messages / connections + (i < messages % connections ? 1 : 0);
      clients_.push_back(std::make_unique<client>(port, i, share));
      epoll_event interest{};
      interest.events = EPOLLIN;
      interest.data.ptr = clients_.back().get();
      if (::epoll_ctl(poll_, EPOLL_CTL_ADD, clients_.back()->descriptor(), &interest) != 0) {
        fail("epoll_ctl");
      }
    }
    latencies_us_.reserve(messages);
  }
  load(load const&) = delete;
  load& operator=(load const&) = delete;
  ~load() { ::close(poll_); }

  void run() {
    for (auto& c : clients_) {
      c->send_next();
    }
    std::size_t active = clients_.size();
    std::array<epoll_event, 64> ready{};
    while (active > 0) {
      int const count = ::epoll_wait(poll_, ready.data(), static_cast<int>(ready.size()), -1);
      if (count < 0 && errno != EINTR) {
        fail("epoll_wait");
      }
      for (auto const& event : std::span{ready}.first(static_cast<std::size_t>(std::max(count, 0)))) {
        auto& c = *static_cast<client*>(event.data.ptr);
        if (c.receive()) {
          if (c.finish_message(latencies_us_)) {
            c.send_next();
          } else {
            --active;
          }
        }
      }
    }
  }

  [[nodiscard]] float latency_us(double quantile) {
    auto const nth = latencies_us_.begin() +
                     static_cast<std::ptrdiff_t>(quantile * static_cast<double>(latencies_us_.size() - 1));
    std::nth_element(latencies_us_.begin(), nth, latencies_us_.end());
    return *nth;
  }
  [[nodiscard]] std::size_t answered() const noexcept { return latencies_us_.size(); }

 private:
  int poll_;
  std::vector<std::unique_ptr<client>> clients_;
  std::vector<float> latencies_us_;
};

template <class Number>
Number parse(std::string_view what, std::string_view text) {
  Number value{};
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value == 0) {
    throw std::invalid_argument{fmt::format("{} \"{}\": a whole number above 0 is needed", what, text)};
  }
  return value;
}

int run(std::span<char* const> arguments) {
  if (arguments.size() != 3) {
    fmt::print(stderr, "usage: skein-perf-echo-generator PORT CONNECTIONS MESSAGES\n");
    return 2;
  }
  auto const connections = parse<std::uint32_t>("connections", arguments[1]);
  auto const messages = parse<std::uint64_t>("messages", arguments[2]);
  if (messages < connections) {
    throw std::invalid_argument{
        fmt::format("{} messages are too few for {} connections", messages, connections)};
  }
  load clients{parse<std::uint16_t>("port", arguments[0]), connections, messages};
  auto const start = clock_type::now();
  clients.run();
  std::chrono::duration<double, std::milli> const wall = clock_type::now() - start;
  fmt::print(R"({{"wall_ms": {:.6f}, "answer": {}, )"
             R"("metrics": {{"latency_us_p50": {:.1f}, "latency_us_p99": {:.1f}}}}})"
             "\n",
             wall.count(), clients.answered() * message_bytes, clients.latency_us(0.5),
             clients.latency_us(0.99));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(std::span{argv, static_cast<std::size_t>(argc)}.subspan(1));
  } catch (std::exception const& error) {
    fmt::print(stderr, "echo generator: {}\n", error.what());
    return 1;
  }
}
