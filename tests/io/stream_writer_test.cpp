// SPDX-License-Identifier: Apache-2.0
// stream_writer_test.cpp: sending in order, watermarks, half-close, the end of a connection.
#include <io/support.hpp>
#include <support/log_lines.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/event_loop.hpp>
#include <skein/core/executor.hpp>
#include <skein/core/sleep.hpp>

#include <chrono>
#include <string>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using skein_test::connected_sockets;
using skein_test::receive;
using skein_test::send_all;

static_assert(!std::is_copy_constructible_v<skein::stream_writer>);
static_assert(std::is_nothrow_move_constructible_v<skein::stream_writer>);

namespace {

struct linked {
  skein::stream_reader reader;
  skein::stream_writer writer;
  skein::owned_socket peer;
};

/// A connection whose sockets hold little, and the peer's end.
skein::coro<linked> made_link() {
  auto sockets = connected_sockets();
  skein_test::shrink_buffers(sockets.ours);
  skein_test::shrink_buffers(sockets.theirs);
  auto stream = co_await skein::open_connection(std::move(sockets.ours));
  co_return linked{std::move(stream.reader), std::move(stream.writer), std::move(sockets.theirs)};
}

/// More than the sockets hold.
constexpr std::size_t much = 1 << 20;

std::string numbered(std::size_t size) {
  std::string text;
  while (text.size() < size) {
    text += std::to_string(text.size()) + ",";
  }
  text.resize(size);
  return text;
}

}  // namespace

SKEIN_TEST_CASE("stream_writer: what is written arrives", "[io][stream_writer]") {
  auto l = co_await made_link();
  co_await l.writer.write("hello ");
  l.writer.write_nowait("world");
  co_await l.writer.drain();
  std::vector<skein::bytes> const pieces{"!", "", "?"};
  co_await l.writer.writelines(pieces);
  REQUIRE(receive(l.peer, 13) == "hello world!?");
  REQUIRE(l.writer.get_write_buffer_size() == 0);
}

SKEIN_TEST_CASE("stream_writer: the marks: low is a quarter of high, high below low is refused (FLOW-001)",
                "[io][stream_writer]") {
  auto l = co_await made_link();
  REQUIRE_THROWS_AS(l.writer.set_write_buffer_limits(10, 11), std::invalid_argument);
  REQUIRE_THROWS_WITH(l.writer.set_write_buffer_limits(10, 11),
                      Catch::Contains("high (10) must be >= low (11)"));
  l.writer.set_write_buffer_limits(100);
  l.writer.set_write_buffer_limits(0, 0);
}

SKEIN_TEST_CASE_1W("stream_writer: drain below the high mark does not suspend (FLOW-002)",
                   "[io][stream_writer]") {
  auto l = co_await made_link();
  bool others_ran = false;
  auto other = skein::get_running_loop().call_soon([&] { others_ran = true; });
  l.writer.write_nowait("a little");
  co_await l.writer.drain();
  REQUIRE_FALSE(others_ran);
  other.cancel();
}

SKEIN_TEST_CASE(
    "stream_writer: ten tasks drain, one is cancelled, the others are released together (FLOW-003)",
    "[io][stream_writer]") {
  auto l = co_await made_link();
  l.writer.write_nowait(numbered(much));
  std::vector<skein::task<>> drains;
  for (int i = 0; i < 10; ++i) {
    drains.push_back(skein::create_task(l.writer.drain()));
  }
  co_await all_tasks_blocked();
  for (auto const& d : drains) {
    REQUIRE_FALSE(d.done());
  }
  drains[3].cancel();
  REQUIRE_THROWS_AS(co_await drains[3], skein::cancelled_error);
  auto peer = skein::to_thread([&] { REQUIRE(receive(l.peer, much) == numbered(much)); });
  for (std::size_t i = 0; i < drains.size(); ++i) {
    if (i != 3) {
      co_await drains[i];
    }
  }
  co_await peer;
}

SKEIN_TEST_CASE(
    "stream_writer: writing to a peer that has gone is an error within a few writes (FLOW-004, E7)",
    "[io][stream_writer]") {
  auto l = co_await made_link();
  l.peer = {};
  int writes = 0;
  bool told = false;
  while (!told && writes < 1000) {
    ++writes;
    try {
      l.writer.write_nowait("x");
      co_await l.writer.drain();
    } catch (std::system_error const& e) {
      told = e.code() == std::errc::connection_reset || e.code() == std::errc::connection_aborted ||
             e.code() == std::errc::broken_pipe;
    }
  }
  REQUIRE(told);
  REQUIRE(l.writer.is_closing());
  REQUIRE_THROWS_AS(co_await l.writer.write("more"), std::system_error);
  REQUIRE_THROWS_AS(co_await l.writer.drain(), std::system_error);
  REQUIRE_THROWS_AS(co_await l.writer.wait_closed(), std::system_error);
}

SKEIN_TEST_CASE("stream_writer: close sends everything first, to a slow peer too (FLOW-005, E8)",
                "[io][stream_writer]") {
  auto l = co_await made_link();
  std::string const all = numbered(4 * much);
  l.writer.write_nowait(all);
  REQUIRE(l.writer.get_write_buffer_size() > 0);
  l.writer.close();
  REQUIRE(l.writer.is_closing());
  auto closed = skein::create_task(l.writer.wait_closed());
  co_await all_tasks_blocked();
  REQUIRE_FALSE(closed.done());
  std::string got;
  auto peer = skein::to_thread([&] { got = receive(l.peer, all.size() + 1); });
  co_await closed;
  co_await peer;
  REQUIRE(got == all);
  REQUIRE(l.writer.fileno() == -1);
}

SKEIN_TEST_CASE("stream_writer: abort drops what was not sent and ends at once (FLOW-005)",
                "[io][stream_writer]") {
  auto l = co_await made_link();
  l.writer.write_nowait(numbered(much));
  l.writer.abort();
  co_await l.writer.wait_closed();
  REQUIRE(l.writer.get_write_buffer_size() == 0);
  REQUIRE(receive(l.peer, much).size() < much);
}

SKEIN_TEST_CASE("stream_writer: many writes with and without drain arrive whole (FLOW-006)",
                "[io][stream_writer]") {
  auto l = co_await made_link();
  std::string const piece = numbered(10'000);
  constexpr int pieces = 500;
  std::string got;
  auto peer = skein::to_thread([&] { got = receive(l.peer, piece.size() * pieces); });
  for (int i = 0; i < pieces; ++i) {
    if (i % 3 == 0) {
      co_await l.writer.write(piece);
    } else {
      l.writer.write_nowait(piece);
      if (i % 5 == 0) {
        co_await l.writer.drain();
        REQUIRE(l.writer.get_write_buffer_size() <= skein::stream_writer::default_high);
      }
    }
  }
  co_await l.writer.drain();
  co_await peer;
  std::string expected;
  for (int i = 0; i < pieces; ++i) {
    expected += piece;
  }
  REQUIRE((got == expected));
}

SKEIN_TEST_CASE("stream_writer: a write that is released may write to another connection (FLOW-007)",
                "[io][stream_writer]") {
  auto a = co_await made_link();
  auto b = co_await made_link();
  auto relay = skein::create_task([&]() -> skein::coro<> {
    co_await a.writer.write(numbered(much));
    co_await b.writer.write("a has room again");
  });
  co_await all_tasks_blocked();
  REQUIRE_FALSE(relay.done());
  auto peer = skein::to_thread([&] { REQUIRE(receive(a.peer, much).size() == much); });
  co_await relay;
  co_await peer;
  REQUIRE(receive(b.peer, 16) == "a has room again");
}

SKEIN_TEST_CASE("stream_writer: a cancelled write is sent to its last byte (T1)", "[io][stream_writer]") {
  auto l = co_await made_link();
  std::string const all = numbered(much);
  auto writing = skein::create_task([&]() -> skein::coro<> { co_await l.writer.write(all); });
  co_await all_tasks_blocked();
  REQUIRE_FALSE(writing.done());
  writing.cancel();
  REQUIRE_THROWS_AS(co_await writing, skein::cancelled_error);
  l.writer.write_nowait("|behind it");
  std::string got;
  auto peer = skein::to_thread([&] { got = receive(l.peer, much + 10); });
  co_await l.writer.drain();
  co_await peer;
  REQUIRE((got == all + "|behind it"));
}

SKEIN_TEST_CASE("stream_writer: what another task writes meanwhile comes behind", "[io][stream_writer]") {
  auto l = co_await made_link();
  std::string const first(much, 'a');
  auto writing = skein::create_task([&]() -> skein::coro<> { co_await l.writer.write(first); });
  co_await all_tasks_blocked();
  l.writer.write_nowait("bbb");
  auto second = skein::create_task([&]() -> skein::coro<> { co_await l.writer.write("ccc"); });
  co_await all_tasks_blocked();
  std::string got;
  auto peer = skein::to_thread([&] { got = receive(l.peer, much + 6); });
  co_await writing;
  co_await second;
  co_await peer;
  REQUIRE((got == first + "bbbccc"));
}

SKEIN_TEST_CASE("stream_writer: after write_eof the peer sees the end and can still answer (STRM-015)",
                "[io][stream_writer]") {
  auto l = co_await made_link();
  co_await l.writer.write("q");
  l.writer.write_eof();
  l.writer.write_eof();
  REQUIRE(receive(l.peer, 2) == "q");
  REQUIRE_THROWS_WITH(co_await l.writer.write("more"), Catch::Contains("after write_eof"));
  REQUIRE_THROWS_WITH(l.writer.write_nowait("more"), Catch::Contains("after write_eof"));
  send_all(l.peer, "the answer");
  REQUIRE(co_await l.reader.readexactly(10) == "the answer");
}

SKEIN_TEST_CASE("stream_writer: write_eof waits for what is not sent yet", "[io][stream_writer]") {
  auto l = co_await made_link();
  l.writer.write_nowait(numbered(much));
  l.writer.write_eof();
  std::string got;
  auto peer = skein::to_thread([&] { got = receive(l.peer, much + 1); });
  co_await peer;
  REQUIRE((got == numbered(much)));
  l.writer.close();
  co_await l.writer.wait_closed();
}

SKEIN_TEST_CASE("stream_writer: one that is dropped closes the connection when all is sent",
                "[io][stream_writer]") {
  auto l = co_await made_link();
  std::string const all = numbered(much);
  {
    skein::stream_writer writer = std::move(l.writer);
    writer.write_nowait(all);
  }
  std::string got;
  auto peer = skein::to_thread([&] { got = receive(l.peer, much + 1); });
  REQUIRE(co_await l.reader.read() == "");  // told of the end
  co_await peer;
  REQUIRE((got == all));
  REQUIRE_THROWS_WITH(l.writer.close(), Catch::Contains("moved from"));
}

SKEIN_TEST_CASE("stream_writer: after close it says that the connection is lost", "[io][stream_writer]") {
  auto l = co_await made_link();
  l.writer.close();
  l.writer.close();
  REQUIRE_THROWS_WITH(co_await l.writer.write("x"), Catch::StartsWith("Connection lost"));
  REQUIRE_THROWS_AS(l.writer.write_nowait("x"), std::system_error);
  REQUIRE_THROWS_AS(co_await l.writer.drain(), std::system_error);
  co_await l.writer.wait_closed();
  co_await l.writer.wait_closed();
}

SKEIN_TEST_CASE("stream_writer: drain and wait_closed can be cancelled and lose nothing (T1)",
                "[io][stream_writer]") {
  auto l = co_await made_link();
  l.writer.write_nowait(numbered(much));
  for (int i = 0; i < 2; ++i) {
    auto waiting = skein::create_task(i == 0 ? l.writer.drain() : l.writer.wait_closed());
    co_await all_tasks_blocked();
    REQUIRE_FALSE(waiting.done());
    waiting.cancel();
    REQUIRE_THROWS_AS(co_await waiting, skein::cancelled_error);
  }
  l.writer.close();
  std::string got;
  auto peer = skein::to_thread([&] { got = receive(l.peer, much); });
  co_await l.writer.wait_closed();
  co_await peer;
  REQUIRE((got == numbered(much)));
}

SKEIN_TEST_CASE("stream_writer: any thread may close or abort the connection", "[io][stream_writer]") {
  for (bool const abort : {false, true}) {
    auto l = co_await made_link();
    auto reading = skein::create_task(l.reader.read());
    co_await all_tasks_blocked();
    std::thread other{[&] { abort ? l.writer.abort() : l.writer.close(); }};
    co_await l.writer.wait_closed();
    REQUIRE(co_await reading == "");
    other.join();
  }
}

TEST_CASE("stream_writer: bytes that a loop could not send before its end are reported (E8)",
          "[io][stream_writer]") {
  std::vector<std::string> lines;
  skein::set_log_sink([&](std::string_view line) { lines.emplace_back(line); });
  skein::owned_socket peer;
  skein::run(
      [&]() -> skein::coro<> {
        auto l = co_await made_link();
        peer = std::move(l.peer);
        l.writer.write_nowait(numbered(much));
        l.writer.close();
      },
      {.stall_report = 0ms});
  skein::set_log_sink(nullptr);
  REQUIRE(lines.size() == 1);
  REQUIRE(lines.at(0).find("bytes were not sent yet") != std::string::npos);
}

TEST_CASE("stream_writer: a connection may outlive its loop", "[io][stream_writer]") {
  std::vector<linked> kept;
  skein::run([&]() -> skein::coro<> { kept.push_back(co_await made_link()); }, {.workers = 1});
  REQUIRE_FALSE(kept.at(0).writer.is_closing());
  kept.at(0).writer.close();
  REQUIRE(receive(kept.at(0).peer, 1).empty());
}

SKEIN_TEST_CASE("stream_writer: dropped unclosed it closes, and in debug mode says so",
                "[io][stream][debug]") {
  skein_test::log_lines log;
  skein::event_loop& loop = skein::get_running_loop();
  {
    auto const quiet = co_await made_link();
  }
  REQUIRE(log.count({"unclosed"}) == 0);
  loop.set_debug(true);
  co_await skein::sleep(0s);
  {
    auto link = co_await made_link();
    link.writer.close();
  }
  REQUIRE(log.count({"unclosed"}) == 0);
  skein::owned_socket peer;
  {
    auto link = co_await made_link();
    peer = std::move(link.peer);
  }
  REQUIRE(log.count({"unclosed connection", ": call close() and await wait_closed()", "; made at "}) == 1);
  REQUIRE(receive(peer, 1).empty());  // it was closed
  loop.set_debug(false);
}
