// SPDX-License-Identifier: Apache-2.0
// stream_reader.cpp: cutting the bytes of a stream into what was asked for.
//
// Each read is a coroutine that holds the stream, not the reader, which may be moved meanwhile. It takes
// bytes out of the buffer only when it has all that it returns: a cancelled one has taken nothing.
#include "stream.hpp"

#include <skein/io/stream_reader.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace skein {

incomplete_read_error::incomplete_read_error(bytes partial, std::optional<std::size_t> expected)
    : std::runtime_error{fmt::format("{} bytes read on a total of {} expected bytes", partial.size(),
                                     expected ? std::to_string(*expected) : "undefined")},
      partial_{std::move(partial)},
      expected_{expected} {}

namespace detail {
namespace {

using stream_ref = std::shared_ptr<stream>;

coro<bytes> read_some(stream_ref s, std::size_t n) {
  stream::reading const mine{*s, "read"};
  if (s->input.empty() && !co_await s->fetch()) {
    co_return bytes{};
  }
  co_return s->input.take(std::min(n, s->input.size()));
}

coro<bytes> read_all(stream_ref s) {
  stream::reading const mine{*s, "read"};
  while (co_await s->fetch()) {
  }
  co_return s->input.take_all();
}

coro<bytes> read_n(stream_ref s, std::size_t n) {
  stream::reading const mine{*s, "readexactly"};
  while (s->input.size() < n) {
    if (!co_await s->fetch()) {
      throw incomplete_read_error{s->input.take_all(), n};
    }
  }
  co_return s->input.take(n);
}

/// Looks for the separators in what has come, as far as that was not looked at before.
class scan {
 public:
  explicit scan(std::span<std::string_view const> separators) : separators_{separators} {
    if (separators.empty()) {
      throw std::invalid_argument{"Separator should contain at least one element"};
    }
    for (std::string_view const one : separators) {
      if (one.empty()) {
        throw std::invalid_argument{"Separator should be at least one-byte string"};
      }
      longest_ = std::max(longest_, one.size());
    }
  }

  /// Returns     True when one was found: [begin, end).
  [[nodiscard]] bool look(std::string_view text) {
    for (std::string_view const one : separators_) {
      std::size_t const at = text.find(one, from_);
      if (at != std::string_view::npos && at + one.size() < end) {
        begin = at;
        end = at + one.size();
      }
    }
    // The beginning of a separator may stand at the end.
    from_ = text.size() + 1 > longest_ ? text.size() + 1 - longest_ : 0;
    return end != std::string_view::npos;
  }
  [[nodiscard]] std::size_t scanned() const noexcept { return from_; }

  std::size_t begin = 0;
  std::size_t end = std::string_view::npos;

 private:
  std::span<std::string_view const> separators_;
  std::size_t longest_ = 0;
  std::size_t from_ = 0;
};

// The common part of readuntil and readline; `mine` is held by the caller.
coro<bytes> read_until(stream_ref s, std::span<std::string_view const> separators) {
  scan search{separators};
  while (!search.look(s->input.view())) {
    if (search.scanned() > s->limit) {
      throw limit_overrun_error{"Separator is not found, and chunk exceed the limit", search.scanned()};
    }
    if (!co_await s->fetch()) {
      throw incomplete_read_error{s->input.take_all(), std::nullopt};
    }
  }
  if (search.begin > s->limit) {
    throw limit_overrun_error{"Separator is found, but chunk is longer than limit", search.begin};
  }
  co_return s->input.take(search.end);
}

coro<bytes> read_until_any(stream_ref s, std::span<std::string_view const> separators) {
  stream::reading const mine{*s, "readuntil"};
  co_return co_await read_until(s, separators);
}

coro<bytes> read_until_one(stream_ref s, std::string_view separator) {
  stream::reading const mine{*s, "readuntil"};
  co_return co_await read_until(s, {&separator, 1});
}

coro<bytes> read_line(stream_ref s) {
  static constexpr std::string_view line_feed{"\n"};
  stream::reading const mine{*s, "readline"};
  try {
    co_return co_await read_until(s, {&line_feed, 1});
  } catch (incomplete_read_error const& rest) {
    co_return rest.partial();
  } catch (limit_overrun_error const& overrun) {
    if (s->input.view().substr(overrun.consumed()).starts_with(line_feed)) {
      s->input.consume(overrun.consumed() + line_feed.size());
    } else {
      s->input.clear();
    }
    throw std::invalid_argument{overrun.what()};
  }
}

coro<bytes> nothing() { co_return bytes{}; }

}  // namespace
}  // namespace detail

stream_reader::stream_reader(std::shared_ptr<detail::stream> s) noexcept : stream_{std::move(s)} {}
stream_reader::stream_reader(stream_reader&&) noexcept = default;
stream_reader& stream_reader::operator=(stream_reader&&) noexcept = default;
stream_reader::~stream_reader() = default;

detail::stream& stream_reader::checked() const {
  if (stream_ == nullptr) {
    throw std::runtime_error{"the stream_reader was moved from: use the one that it was moved to"};
  }
  return *stream_;
}

coro<bytes> stream_reader::read(std::ptrdiff_t n) {
  static_cast<void>(checked());
  if (n == 0) {
    return detail::nothing();
  }
  return n < 0 ? detail::read_all(stream_) : detail::read_some(stream_, static_cast<std::size_t>(n));
}

coro<bytes> stream_reader::readline() {
  static_cast<void>(checked());
  return detail::read_line(stream_);
}

coro<bytes> stream_reader::readexactly(std::ptrdiff_t n) {
  static_cast<void>(checked());
  if (n < 0) {
    throw std::invalid_argument{fmt::format("readexactly size can not be less than zero, but is {}", n)};
  }
  return n == 0 ? detail::nothing() : detail::read_n(stream_, static_cast<std::size_t>(n));
}

coro<bytes> stream_reader::readuntil(std::string_view separator) {
  static_cast<void>(checked());
  return detail::read_until_one(stream_, separator);
}

coro<bytes> stream_reader::readuntil(std::span<std::string_view const> separators) {
  static_cast<void>(checked());
  return detail::read_until_any(stream_, separators);
}

bool stream_reader::at_eof() const { return checked().at_end(); }

}  // namespace skein
