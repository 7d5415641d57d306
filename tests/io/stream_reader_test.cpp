// SPDX-License-Identifier: Apache-2.0
// stream_reader_test.cpp: cutting a stream into what was asked for, its end, its errors, and cancelling.
#include <io/support.hpp>

#include <skein/core/create_task.hpp>
#include <skein/core/event_loop.hpp>
#include <skein/core/executor.hpp>
#include <skein/core/sleep.hpp>

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using skein_test::connected_sockets;
using skein_test::send_all;

static_assert(!std::is_copy_constructible_v<skein::stream_reader>);
static_assert(std::is_nothrow_move_constructible_v<skein::stream_reader>);

namespace {

/// A connection, and the peer's end of it as a plain socket.
struct linked {
  skein::connection stream;
  skein::owned_socket peer;

  void sends(std::string_view data) const { send_all(peer, data); }
  void sends_and_ends(std::string_view data) const {
    sends(data);
    ::shutdown(peer.fileno(), SHUT_WR);
  }
  void resets() {
    // Closing with bytes unread makes a reset of it.
    stream.writer.write_nowait("unread");
    peer = {};
  }
};

skein::coro<linked> made_link(std::size_t limit = skein::default_stream_limit) {
  auto sockets = connected_sockets();
  auto stream = co_await skein::open_connection(std::move(sockets.ours), {.limit = limit});
  co_return linked{std::move(stream), std::move(sockets.theirs)};
}

}  // namespace

SKEIN_TEST_CASE("stream_reader: read gives what is there, at least a byte, at most n (STRM-001)",
                "[io][stream_reader]") {
  auto l = co_await made_link();
  l.sends("abcdef");
  REQUIRE(co_await l.stream.reader.read(4) == "abcd");
  REQUIRE(co_await l.stream.reader.read(0) == "");
  REQUIRE(co_await l.stream.reader.read(4) == "ef");
  auto waiting = skein::create_task(l.stream.reader.read(10));
  co_await all_tasks_blocked();
  REQUIRE_FALSE(waiting.done());
  l.sends("g");
  REQUIRE(co_await waiting == "g");
}

SKEIN_TEST_CASE("stream_reader: read(-1) reads to the end, and read at the end gives nothing (STRM-001)",
                "[io][stream_reader]") {
  auto l = co_await made_link();
  l.sends("one ");
  auto all = skein::create_task(l.stream.reader.read());
  co_await all_tasks_blocked();
  l.sends_and_ends("two");
  REQUIRE(co_await all == "one two");
  REQUIRE(co_await l.stream.reader.read(-1) == "");
  REQUIRE(co_await l.stream.reader.read(5) == "");
  REQUIRE(l.stream.reader.at_eof());
}

SKEIN_TEST_CASE("stream_reader: the limit is for lines only (STRM-002)", "[io][stream_reader]") {
  auto l = co_await made_link(3);
  l.sends("1234512345");
  REQUIRE(co_await l.stream.reader.read(5) == "12345");
  REQUIRE(co_await l.stream.reader.readexactly(5) == "12345");
}

SKEIN_TEST_CASE("stream_reader: a limit of 0 is refused (STRM-003)", "[io][stream_reader]") {
  REQUIRE_THROWS_AS(co_await made_link(0), std::invalid_argument);
  REQUIRE_THROWS_WITH(co_await made_link(0), Catch::StartsWith("Limit cannot be <= 0"));
}

SKEIN_TEST_CASE("stream_reader: a line is put together from pieces (STRM-004)", "[io][stream_reader]") {
  auto l = co_await made_link();
  auto line = skein::create_task(l.stream.reader.readline());
  for (auto const* piece : {"chunk1 ", "chunk2 ", "chunk3 ", "\n chunk4"}) {
    co_await all_tasks_blocked();
    REQUIRE_FALSE(line.done());
    l.sends(piece);
  }
  REQUIRE(co_await line == "chunk1 chunk2 chunk3 \n");
  l.sends_and_ends("");
  REQUIRE(co_await l.stream.reader.readline() == " chunk4");
  REQUIRE(co_await l.stream.reader.readline() == "");
}

SKEIN_TEST_CASE("stream_reader: a line that is too long is dropped, what follows stays (STRM-005)",
                "[io][stream_reader]") {
  auto l = co_await made_link(3);
  l.sends("line1\nline2\n");
  REQUIRE_THROWS_AS(co_await l.stream.reader.readline(), std::invalid_argument);
  REQUIRE(co_await l.stream.reader.readexactly(6) == "line2\n");
}

SKEIN_TEST_CASE("stream_reader: too much without a line end is dropped (STRM-006)", "[io][stream_reader]") {
  auto l = co_await made_link(3);
  l.sends("1234567");
  REQUIRE_THROWS_AS(co_await l.stream.reader.readline(), std::invalid_argument);
  l.sends("ok\n");
  REQUIRE(co_await l.stream.reader.readline() == "ok\n");
}

SKEIN_TEST_CASE("stream_reader: the line end does not count for the limit (STRM-007)",
                "[io][stream_reader]") {
  auto l = co_await made_link(7);
  l.sends("1234567\n12345678\n");
  REQUIRE(co_await l.stream.reader.readline() == "1234567\n");
  REQUIRE_THROWS_AS(co_await l.stream.reader.readline(), std::invalid_argument);
}

SKEIN_TEST_CASE("stream_reader: readuntil gives the separator too (STRM-008)", "[io][stream_reader]") {
  auto l = co_await made_link();
  auto until = skein::create_task(l.stream.reader.readuntil("AAA"));
  for (auto const* piece : {"QWERTYA", "A"}) {
    co_await all_tasks_blocked();
    l.sends(piece);
  }
  co_await all_tasks_blocked();
  REQUIRE_FALSE(until.done());
  l.sends("Axxx");
  REQUIRE(co_await until == "QWERTYAAA");
  REQUIRE(co_await l.stream.reader.read(10) == "xxx");
}

SKEIN_TEST_CASE("stream_reader: an overrun takes nothing (STRM-009)", "[io][stream_reader]") {
  auto l = co_await made_link(3);
  l.sends("some dataAA");
  std::optional<std::size_t> consumed;
  try {
    static_cast<void>(co_await l.stream.reader.readuntil("AAA"));
  } catch (skein::limit_overrun_error const& e) {
    REQUIRE(std::string{e.what()}.find("not found") != std::string::npos);
    consumed = e.consumed();
  }
  REQUIRE(consumed == std::optional<std::size_t>{9});
  l.sends("A");
  co_await all_tasks_blocked();
  // One read fetches the last byte: a read of one byte less than there is leaves it in the buffer.
  REQUIRE_THROWS_AS(co_await l.stream.reader.readuntil("AAAA"), skein::limit_overrun_error);
  REQUIRE(co_await l.stream.reader.readexactly(12) == "some dataAAA");
}

SKEIN_TEST_CASE("stream_reader: a separator beyond the limit is found, and can be read past (STRM-009)",
                "[io][stream_reader]") {
  auto l = co_await made_link(3);
  l.sends("some dataAAA");
  std::size_t consumed = 0;
  try {
    static_cast<void>(co_await l.stream.reader.readuntil("AAA"));
  } catch (skein::limit_overrun_error const& e) {
    REQUIRE(std::string{e.what()}.find("is found") != std::string::npos);
    consumed = e.consumed();
  }
  REQUIRE(co_await l.stream.reader.readexactly(static_cast<std::ptrdiff_t>(consumed)) == "some data");
  REQUIRE(co_await l.stream.reader.readuntil("AAA") == "AAA");
}

SKEIN_TEST_CASE("stream_reader: an end before the separator gives all that had come (STRM-010)",
                "[io][stream_reader]") {
  auto l = co_await made_link();
  l.sends_and_ends("some dataAA");
  try {
    static_cast<void>(co_await l.stream.reader.readuntil("AAA"));
    FAIL("it did not throw");
  } catch (skein::incomplete_read_error const& e) {
    REQUIRE(e.partial() == "some dataAA");
    REQUIRE_FALSE(e.expected().has_value());
  }
  REQUIRE(co_await l.stream.reader.read() == "");
}

SKEIN_TEST_CASE("stream_reader: of several separators the one that ends first counts",
                "[io][stream_reader]") {
  auto l = co_await made_link();
  std::array<std::string_view, 2> const ends{"\r\n", "\n"};
  l.sends("one\r\ntwo\nthree");
  REQUIRE(co_await l.stream.reader.readuntil(ends) == "one\r\n");
  REQUIRE(co_await l.stream.reader.readuntil(ends) == "two\n");
  std::array<std::string_view, 1> const empty{""};
  REQUIRE_THROWS_AS(co_await l.stream.reader.readuntil(empty), std::invalid_argument);
  REQUIRE_THROWS_AS(co_await l.stream.reader.readuntil(std::span<std::string_view const>{}),
                    std::invalid_argument);
  REQUIRE(co_await l.stream.reader.read(5) == "three");
}

SKEIN_TEST_CASE("stream_reader: a second read while one waits is an error; the first goes on (STRM-011)",
                "[io][stream_reader]") {
  auto l = co_await made_link();
  auto first = skein::create_task(l.stream.reader.read(3));
  co_await all_tasks_blocked();
  REQUIRE_THROWS_WITH(co_await l.stream.reader.readline(),
                      Catch::Contains("already waiting for incoming data"));
  l.sends("abc");
  REQUIRE(co_await first == "abc");
}

SKEIN_TEST_CASE("stream_reader: a reset ends every read with its error (STRM-012)", "[io][stream_reader]") {
  auto l = co_await made_link();
  auto waiting = skein::create_task(l.stream.reader.readexactly(10));
  co_await all_tasks_blocked();
  l.resets();
  REQUIRE_THROWS_AS(co_await waiting, std::system_error);
  REQUIRE_THROWS_AS(co_await l.stream.reader.read(1), std::system_error);
  REQUIRE_THROWS_WITH(co_await l.stream.reader.readline(), Catch::StartsWith("Connection lost"));
}

SKEIN_TEST_CASE("stream_reader: a cancelled readexactly loses no byte (STRM-013)", "[io][stream_reader]") {
  auto l = co_await made_link();
  auto waiting = skein::create_task(l.stream.reader.readexactly(4));
  co_await all_tasks_blocked();
  l.sends("ab");
  co_await all_tasks_blocked();
  waiting.cancel();
  REQUIRE_THROWS_AS(co_await waiting, skein::cancelled_error);
  l.sends("cd");
  REQUIRE(co_await l.stream.reader.readexactly(4) == "abcd");
}

SKEIN_TEST_CASE("stream_reader: bytes that come together with a cancel are returned or stay (STRM-013, T1)",
                "[io][stream_reader]") {
  auto l = co_await made_link();
  for (int round = 0; round < 50; ++round) {
    auto waiting = skein::create_task(l.stream.reader.readexactly(4));
    co_await all_tasks_blocked();
    l.sends("abcd");
    if (round % 2 == 0) {
      co_await skein::sleep(0s);  // the event may be on its way
    }
    waiting.cancel();
    std::string got;
    try {
      got = co_await waiting;
    } catch (skein::cancelled_error const&) {
      REQUIRE(got.empty());
    }
    if (got.empty()) {
      got = co_await l.stream.reader.readexactly(4);
    }
    REQUIRE(got == "abcd");
  }
}

SKEIN_TEST_CASE("stream_reader: every read can be cancelled while it waits (T1)", "[io][stream_reader]") {
  auto l = co_await made_link();
  std::vector<skein::coro<skein::bytes> (*)(skein::stream_reader&)> const reads{
      [](skein::stream_reader& r) { return r.read(1); },
      [](skein::stream_reader& r) { return r.read(); },
      [](skein::stream_reader& r) { return r.readline(); },
      [](skein::stream_reader& r) { return r.readexactly(9); },
      [](skein::stream_reader& r) { return r.readuntil("end"); },
  };
  for (auto const read : reads) {
    auto waiting = skein::create_task(read(l.stream.reader));
    co_await all_tasks_blocked();
    waiting.cancel();
    REQUIRE_THROWS_AS(co_await waiting, skein::cancelled_error);
  }
  l.sends("still whole");
  REQUIRE(co_await l.stream.reader.read(20) == "still whole");
}

SKEIN_TEST_CASE("stream_reader: a negative readexactly is refused", "[io][stream_reader]") {
  auto l = co_await made_link();
  REQUIRE_THROWS_AS(l.stream.reader.readexactly(-1), std::invalid_argument);
  REQUIRE(co_await l.stream.reader.readexactly(0) == "");
}

SKEIN_TEST_CASE("stream_reader: closing the connection ends a read that waits", "[io][stream_reader]") {
  auto l = co_await made_link();
  auto waiting = skein::create_task(l.stream.reader.read(1));
  co_await all_tasks_blocked();
  l.stream.writer.close();
  REQUIRE(co_await waiting == "");
  REQUIRE(l.stream.reader.at_eof());
}

SKEIN_TEST_CASE("stream_reader: it may be moved while it is read from", "[io][stream_reader]") {
  auto l = co_await made_link();
  auto waiting = skein::create_task(l.stream.reader.readline());
  co_await all_tasks_blocked();
  skein::stream_reader moved = std::move(l.stream.reader);
  l.sends("line\n");
  REQUIRE(co_await waiting == "line\n");
  REQUIRE_THROWS_WITH(l.stream.reader.at_eof(), Catch::Contains("moved from"));
  l.sends("more");
  REQUIRE(co_await moved.read(10) == "more");
}

SKEIN_TEST_CASE("stream_reader: what is read while more is always there lets others run",
                "[io][stream_reader]") {
  auto l = co_await made_link();
  std::string const megabyte(1 << 20, 'x');
  auto sender = skein::to_thread([&] { l.sends_and_ends(megabyte); });
  std::size_t total = 0;
  for (;;) {
    auto const part = co_await l.stream.reader.read(1000);
    if (part.empty()) {
      break;
    }
    total += part.size();
  }
  co_await sender;
  REQUIRE(total == megabyte.size());
}
