// SPDX-License-Identifier: Apache-2.0
// server_test.cpp: accepting, handling, closing, and what handlers throw.
#include <io/support.hpp>
#include <support/log_lines.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/event_loop.hpp>
#include <skein/core/executor.hpp>
#include <skein/core/gather.hpp>
#include <skein/core/runtime.hpp>
#include <skein/core/sleep.hpp>

#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <mutex>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#if defined(__has_feature)
#define SKEIN_UNDEFINED_BEHAVIOR_SANITIZER __has_feature(undefined_behavior_sanitizer)
#else
#define SKEIN_UNDEFINED_BEHAVIOR_SANITIZER 0
#endif

using namespace std::chrono_literals;
using skein_test::open_descriptors;
using skein_test::port_of;

static_assert(!std::is_copy_constructible_v<skein::server>);
static_assert(std::is_nothrow_move_constructible_v<skein::server>);

namespace {

skein::coro<> echo(skein::stream_reader reader, skein::stream_writer writer) {
  for (;;) {
    auto const data = co_await reader.read(4096);
    if (data.empty()) {
      break;
    }
    co_await writer.write(data);
  }
  writer.close();
  co_await writer.wait_closed();
}

skein::coro<skein::bytes> ask(std::uint16_t port, std::string question) {
  auto connection = co_await skein::open_connection("127.0.0.1", port);
  co_await connection.writer.write(question);
  connection.writer.write_eof();
  auto answer = co_await connection.reader.read();
  connection.writer.close();
  co_await connection.writer.wait_closed();
  co_return answer;
}

/// What the exception handler of a runtime was told.
class reports {
 public:
  reports() {
    skein::runtime::current().set_exception_handler(
        [this](skein::event_loop&, skein::exception_context const& c) {
          std::lock_guard const guard{mutex_};
          messages_.push_back(c.message);
        });
  }
  ~reports() { skein::runtime::current().set_exception_handler(nullptr); }
  reports(reports const&) = delete;
  reports& operator=(reports const&) = delete;
  [[nodiscard]] std::vector<std::string> messages() const {
    std::lock_guard const guard{mutex_};
    return messages_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> messages_;
};

}  // namespace

SKEIN_TEST_CASE("server: a coroutine handles each connection (SRV-001)", "[io][server]") {
  reports told;
  auto server = co_await skein::start_server(echo, "127.0.0.1", 0);
  REQUIRE(server.is_serving());
  REQUIRE(server.sockets().size() == 1);
  REQUIRE(co_await ask(port_of(server), "hello") == "hello");
  server.close();
  co_await server.wait_closed();
  REQUIRE_FALSE(server.is_serving());
  REQUIRE(told.messages().empty());
}

SKEIN_TEST_CASE("server: a plain function may handle them too (SRV-001)", "[io][server]") {
  auto server = co_await skein::start_server(
      [](skein::stream_reader r, skein::stream_writer w) {
        skein::create_task(echo(std::move(r), std::move(w)));
      },
      "127.0.0.1", 0);
  REQUIRE(co_await ask(port_of(server), "hello") == "hello");
  server.close();
  co_await server.wait_closed();
}

SKEIN_TEST_CASE("server: cancelling serve_forever closes it (SRV-002)", "[io][server]") {
  auto server = co_await skein::start_server(echo, "127.0.0.1", 0);
  auto forever = skein::create_task(server.serve_forever());
  co_await all_tasks_blocked();
  REQUIRE_THROWS_WITH(co_await server.serve_forever(), Catch::Contains("already being awaited"));
  forever.cancel();
  REQUIRE_THROWS_AS(co_await forever, skein::cancelled_error);
  REQUIRE(server.sockets().empty());
  REQUIRE_FALSE(server.is_serving());
  REQUIRE_THROWS_WITH(co_await server.serve_forever(), Catch::Contains("is closed"));
  REQUIRE_THROWS_WITH(co_await server.start_serving(), Catch::Contains("is closed"));
}

SKEIN_TEST_CASE("server: close ends serve_forever with a cancellation (SRV-002)", "[io][server]") {
  auto server = co_await skein::start_server(echo, "127.0.0.1", 0);
  auto forever = skein::create_task(server.serve_forever());
  co_await all_tasks_blocked();
  server.close();
  REQUIRE_THROWS_AS(co_await forever, skein::cancelled_error);
  REQUIRE(forever.cancelled());
}

SKEIN_TEST_CASE("server: it may begin to listen later", "[io][server]") {
  skein::server_options later{.start_serving = false};
  auto server = co_await skein::start_server(echo, "127.0.0.1", 0, later);
  auto const port = port_of(server);
  REQUIRE_FALSE(server.is_serving());
  REQUIRE_THROWS_AS(co_await skein::open_connection("127.0.0.1", port), std::system_error);
  co_await server.start_serving();
  co_await server.start_serving();
  REQUIRE(co_await ask(port, "now") == "now");
}

SKEIN_TEST_CASE("server: close_clients ends connections when all is sent (SRV-003)", "[io][server]") {
  auto server = co_await skein::start_server(echo, "127.0.0.1", 0);
  auto [reader, writer] = co_await skein::open_connection("127.0.0.1", port_of(server));
  co_await writer.write("hello");
  REQUIRE(co_await reader.readexactly(5) == "hello");
  server.close();
  auto closed = skein::create_task(server.wait_closed());
  co_await all_tasks_blocked();
  REQUIRE_FALSE(closed.done());
  server.close_clients();
  co_await closed;
  REQUIRE(co_await reader.read() == "");
}

SKEIN_TEST_CASE("server: abort_clients ends connections whose peer does not read (SRV-003)", "[io][server]") {
  auto const flood = [](skein::stream_reader, skein::stream_writer writer) -> skein::coro<> {
    std::string const much(16 << 20, 'x');
    co_await writer.write(much);
  };
  reports told;
  auto server = co_await skein::start_server(flood, "127.0.0.1", 0);
  auto [reader, writer] = co_await skein::open_connection("127.0.0.1", port_of(server));
  REQUIRE(co_await reader.read(1) == "x");
  co_await all_tasks_blocked();
  server.close();
  server.abort_clients();
  co_await server.wait_closed();
  co_await all_tasks_blocked();
  REQUIRE(told.messages() == std::vector<std::string>{"Unhandled exception in client_connected_cb"});
}

SKEIN_TEST_CASE("server: after close connects are refused, connections live on (SRV-004)", "[io][server]") {
  auto server = co_await skein::start_server(echo, "127.0.0.1", 0);
  auto const port = port_of(server);
  auto [reader, writer] = co_await skein::open_connection("127.0.0.1", port);
  co_await writer.write("1");
  REQUIRE(co_await reader.readexactly(1) == "1");
  server.close();
  server.close();
  try {
    static_cast<void>(co_await skein::open_connection("127.0.0.1", port));
    FAIL("it connected");
  } catch (std::system_error const& e) {
    REQUIRE(e.code() == std::errc::connection_refused);
  }
  co_await writer.write("2");
  REQUIRE(co_await reader.readexactly(1) == "2");
}

SKEIN_TEST_CASE("server: what a handler throws is reported, and its connection closed (SRV-005)",
                "[io][server]") {
  reports told;
  auto server = co_await skein::start_server(
      [](skein::stream_reader, skein::stream_writer) -> skein::coro<> {
        co_await skein::sleep(0s);
        throw std::runtime_error{"no luck"};
      },
      "127.0.0.1", 0);
  REQUIRE(co_await ask(port_of(server), "") == "");
  server.close();
  co_await server.wait_closed();
  REQUIRE(told.messages() == std::vector<std::string>{"Unhandled exception in client_connected_cb"});
}

SKEIN_TEST_CASE("server: a handler that ends cancelled is silent, and its connection closed (SRV-005)",
                "[io][server]") {
  reports told;
  auto server = co_await skein::start_server(
      [](skein::stream_reader, skein::stream_writer) -> skein::coro<> {
        skein::current_task().cancel();
        co_await skein::sleep(1h);
      },
      "127.0.0.1", 0);
  REQUIRE(co_await ask(port_of(server), "") == "");
  server.close();
  co_await server.wait_closed();
  REQUIRE(told.messages().empty());
}

// UndefinedBehaviorSanitizer opens a pipe to look at an object: it cannot do without descriptors.
#if !SKEIN_UNDEFINED_BEHAVIOR_SANITIZER
TEST_CASE("server: without descriptors it waits instead of spinning, and goes on (SRV-006, E5)",
          "[io][server]") {
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  skein::run(
      [&]() -> skein::coro<> {
        reports told;
        auto server = co_await skein::start_server(echo, "127.0.0.1", 0);
        auto const port = port_of(server);
        REQUIRE(co_await ask(port, "before") == "before");
        skein::owned_socket client{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        rlimit none = before;
        none.rlim_cur = static_cast<rlim_t>(client.fileno()) + 1;  // all lower numbers are taken
        ::setrlimit(RLIMIT_NOFILE, &none);
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        at.sin_port = htons(port);
        int const connected = ::connect(client.fileno(), reinterpret_cast<sockaddr*>(&at), sizeof at);
        timespec cpu_before{};
        ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu_before);
        co_await skein::sleep(500ms);
        timespec cpu_after{};
        ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu_after);
        ::setrlimit(RLIMIT_NOFILE, &before);
        REQUIRE(connected == 0);
        auto const messages = told.messages();
        REQUIRE(messages.size() == 1);
        REQUIRE(messages.at(0).find("out of system resource") != std::string::npos);
        double const cpu_ms = static_cast<double>(cpu_after.tv_sec - cpu_before.tv_sec) * 1e3 +
                              static_cast<double>(cpu_after.tv_nsec - cpu_before.tv_nsec) / 1e6;
        REQUIRE(cpu_ms < 250);  // a spinning loop takes 500
        auto [reader, writer] = co_await skein::open_connection(std::move(client));
        co_await writer.write("after");
        REQUIRE(co_await reader.readexactly(5) == "after");
      },
      {.workers = 1});
}
#endif

SKEIN_TEST_CASE("server: a port in use is an error that names the address (SRV-008)", "[io][server]") {
  auto server = co_await skein::start_server(echo, "127.0.0.1", 0);
  auto const port = port_of(server);
  try {
    static_cast<void>(co_await skein::start_server(echo, "127.0.0.1", port));
    FAIL("it was bound");
  } catch (std::system_error const& e) {
    REQUIRE(e.code() == std::errc::address_in_use);
    REQUIRE(std::string{e.what()}.find("127.0.0.1:" + std::to_string(port)) != std::string::npos);
  }
}

SKEIN_TEST_CASE("server: two may share a port if both ask for it (SRV-008)", "[io][server]") {
  skein::server_options shared{.reuse_port = true};
  auto first = co_await skein::start_server(echo, "127.0.0.1", 0, shared);
  auto second = co_await skein::start_server(echo, "127.0.0.1", port_of(first), shared);
  REQUIRE(port_of(first) == port_of(second));
}

SKEIN_TEST_CASE("server: without a host it listens on both families, on one port (SRV-008)", "[io][server]") {
  auto server = co_await skein::start_server(echo, "", 0);
  auto const port = port_of(server);
  REQUIRE(co_await ask(port, "four") == "four");
  if (server.sockets().size() == 2) {  // a machine with IPv6
    auto [reader, writer] = co_await skein::open_connection("::1", port);
    co_await writer.write("six");
    REQUIRE(co_await reader.readexactly(3) == "six");
  }
}

SKEIN_TEST_CASE("server: bad options are refused", "[io][server]") {
  skein::server_options no_limit{.limit = 0};
  REQUIRE_THROWS_AS(co_await skein::start_server(echo, "127.0.0.1", 0, no_limit), std::invalid_argument);
  skein::server_options negative{.backlog = -1};
  REQUIRE_THROWS_WITH(co_await skein::start_server(echo, "127.0.0.1", 0, negative), Catch::Contains("-1"));
  REQUIRE_THROWS_AS(co_await skein::start_server(echo, "no-such-host.invalid", 0), std::system_error);
}

SKEIN_TEST_CASE("server: no more connections than max_connections at once", "[io][server]") {
  std::atomic<int> now{0};
  std::atomic<int> most{0};
  skein::server_options two{.max_connections = 2};
  auto server = co_await skein::start_server(
      [&](skein::stream_reader reader, skein::stream_writer writer) -> skein::coro<> {
        int const count = ++now;
        int before = most.load();
        while (before < count && !most.compare_exchange_weak(before, count)) {
        }
        co_await writer.write(co_await reader.read(10));
        --now;
      },
      "127.0.0.1", 0, two);
  std::vector<skein::coro<skein::bytes>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(ask(port_of(server), "x"));
  }
  auto const answers = co_await skein::gather(std::move(clients));
  REQUIRE(answers == std::vector<skein::bytes>(20, "x"));
  REQUIRE(most.load() <= 2);
}

SKEIN_TEST_CASE("server: a thousand connections at once are served and leave nothing behind",
                "[io][server]") {
  std::size_t const before = open_descriptors();
  {
    skein::server_options many{.backlog = 1024};
    auto server = co_await skein::start_server(echo, "127.0.0.1", 0, many);
    std::vector<skein::connection> connections;
    for (int i = 0; i < 1000; ++i) {
      connections.push_back(co_await skein::open_connection("127.0.0.1", port_of(server)));
    }
    for (int i = 0; i < 1000; ++i) {
      co_await connections[static_cast<std::size_t>(i)].writer.write(std::to_string(i) + "\n");
    }
    for (int i = 0; i < 1000; ++i) {
      REQUIRE(co_await connections[static_cast<std::size_t>(i)].reader.readline() ==
              std::to_string(i) + "\n");
    }
    connections.clear();
    server.close();
    co_await server.wait_closed();
  }
  co_await all_tasks_blocked();
  // Each loop that did I/O has a driver now, with two descriptors.
  REQUIRE(open_descriptors() <= before + 2 * skein::runtime::current().workers());
}

SKEIN_TEST_CASE("server: one that is destroyed closes", "[io][server]") {
  std::uint16_t port = 0;
  {
    auto server = co_await skein::start_server(echo, "127.0.0.1", 0);
    port = port_of(server);
  }
  REQUIRE_THROWS_AS(co_await skein::open_connection("127.0.0.1", port), std::system_error);
}

TEST_CASE("server: one that is still open when the runtime ends is harmless", "[io][server]") {
  std::vector<skein::server> kept;
  skein::run([&]() -> skein::coro<> {
    kept.push_back(co_await skein::start_server(echo, "127.0.0.1", 0));
    REQUIRE(co_await ask(port_of(kept[0]), "x") == "x");
  });
  kept.clear();
}

SKEIN_TEST_CASE("server: wait_closed can be cancelled (T1)", "[io][server]") {
  auto server = co_await skein::start_server(echo, "127.0.0.1", 0);
  auto waiting = skein::create_task(server.wait_closed());
  co_await all_tasks_blocked();
  waiting.cancel();
  REQUIRE_THROWS_AS(co_await waiting, skein::cancelled_error);
  server.close();
  co_await server.wait_closed();
}

SKEIN_TEST_CASE("server: an idle one takes no CPU time (A15)", "[io][server]") {
  auto server = co_await skein::start_server(echo, "127.0.0.1", 0);
  auto [reader, writer] = co_await skein::open_connection("127.0.0.1", port_of(server));
  co_await writer.write("x");
  REQUIRE(co_await reader.readexactly(1) == "x");
  auto const parks = [] {
    std::uint64_t sum = 0;
    for (auto const& w : skein::runtime::current().metrics().workers) {
      sum += w.turns;
    }
    return sum;
  };
  co_await all_tasks_blocked();
  auto const before = parks();
  co_await skein::sleep(50ms);
  REQUIRE(parks() - before < 10);
}

SKEIN_TEST_CASE("server: dropped unclosed it closes, and in debug mode says so", "[io][server][debug]") {
  skein_test::log_lines log;
  skein::event_loop& loop = skein::get_running_loop();
  auto const nothing = [](skein::stream_reader, skein::stream_writer) {};
  {
    auto const quiet = co_await skein::start_server(nothing, "127.0.0.1", 0);
  }
  REQUIRE(log.count({"unclosed"}) == 0);
  loop.set_debug(true);
  co_await skein::sleep(0s);
  {
    auto closed = co_await skein::start_server(nothing, "127.0.0.1", 0);
    closed.close();
  }
  REQUIRE(log.count({"unclosed"}) == 0);
  {
    auto const dropped = co_await skein::start_server(nothing, "127.0.0.1", 0);
  }
  REQUIRE(log.count({"unclosed server: call close() and await wait_closed()", "; made at "}) == 1);
  loop.set_debug(false);
}
