// SPDX-License-Identifier: Apache-2.0
// bulletin.hpp: numbered messages that everybody may read, and those who wait for the next one.
//
// What       The last few messages stand in a ring. A reader knows the number of the next one that it wants.
//            Posting wakes all who wait; nothing is handed over, so a cancel loses nothing.
// Source     Ours; the ring that overwrites is that of tokio::sync::broadcast.
// Threads    Any.
// Progress   Spinlock; post wakes n waiters in n steps. Copying a message holds a mutex (copying()).
// Lifetime   Shared by who posts and all readers; a reader outlives its await.
//
// Invariants (guarded by lock_)
//   I1  The messages numbered end_ - kept() to end_ - 1 stand in the ring, at their number modulo its size.
//   I2  Who stands in line has read all up to end_ - 1, and the bulletin is open.
//
// Checked    tests/sync/broadcast_test.cpp, tests/sync/watch_test.cpp,
//            tests/sync/handoff_cancel_beyond_test.cpp, under ThreadSanitizer.
#pragma once

#include <skein/sync/detail/place.hpp>

#include <algorithm>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <source_location>
#include <utility>
#include <vector>

namespace skein::detail {

class bulletin {
 public:
  using message = std::shared_ptr<void const>;

  /// `capacity`  How many messages are kept, at least 1.
  explicit bulletin(std::size_t capacity) : ring_(capacity) {}
  bulletin(bulletin const&) = delete;
  bulletin& operator=(bulletin const&) = delete;
  ~bulletin();

  /// Returns     False when it is closed; nothing was posted.
  bool post(message fresh);
  void close() noexcept;

  enum class found { message, nothing, lagging, end };
  /// Looks for the message with the number `next`; moves `next` to the oldest one that is left if it lags.
  [[nodiscard]] found look(std::uint64_t& next, message& into, std::uint64_t& missed) const noexcept;
  /// Returns     The newest message; there is one.
  [[nodiscard]] message newest() const noexcept;

  void add_reader(std::uint64_t& next) noexcept;
  void remove_reader() noexcept;

  /// Returns     The number of the next message that will be posted.
  [[nodiscard]] std::uint64_t end() const noexcept;
  [[nodiscard]] bool closed() const noexcept;
  [[nodiscard]] std::size_t readers() const noexcept;
  [[nodiscard]] std::size_t waiting() const noexcept;
  [[nodiscard]] std::size_t capacity() const noexcept { return ring_.size(); }

  /// Held while a message is copied. A copy constructor is code of the user, so a spinlock will not do; and
  /// one that is not made for several threads at once must not run in several at once.
  [[nodiscard]] std::mutex& copying() noexcept { return copying_; }

 private:
  friend class bulletin_wait;

  // All with lock_ held.
  [[nodiscard]] std::uint64_t kept() const noexcept { return std::min<std::uint64_t>(end_, ring_.size()); }
  [[nodiscard]] bool has_news(std::uint64_t next) const noexcept { return closed_ || next != end_; }

  mutable lowlevel::biased_lock lock_;
  std::vector<message> ring_;
  std::uint64_t end_ = 0;
  std::size_t readers_ = 0;
  bool closed_ = false;
  waiter_line line_{lock_};
  std::mutex copying_;
};

/// Waits until there is a message with the number `wanted`, or the end.
class bulletin_wait : public waiter {
 public:
  bulletin_wait(bulletin& from, std::uint64_t wanted, std::source_location at) noexcept
      : waiter{ops, at}, from_{from}, wanted_{wanted} {}

  [[nodiscard]] bool await_ready() noexcept;
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    prepare(coroutine);
    return suspend();
  }

 protected:
  ~bulletin_wait() { leave(); }
  void finish() {
    if (ended()) [[unlikely]] {
      lowlevel::throw_cancelled();
    }
  }

 private:
  static lowlevel::work_ops const ops;
  [[nodiscard]] bool suspend() noexcept;

  bulletin& from_;
  std::uint64_t const wanted_;
};

/// A reader's share in a bulletin, and where it stands.
class bulletin_reader {
 public:
  explicit bulletin_reader(std::shared_ptr<bulletin> from) noexcept : from_{std::move(from)} {
    from_->add_reader(next);
  }
  bulletin_reader(bulletin_reader&&) noexcept = default;
  bulletin_reader& operator=(bulletin_reader&& other) noexcept {
    if (this != &other) {
      drop();
      from_ = std::move(other.from_);
      next = other.next;
    }
    return *this;
  }
  ~bulletin_reader() { drop(); }

  [[nodiscard]] bulletin& from() const noexcept { return *from_; }

  std::uint64_t next = 0;  // the reading task only

 private:
  void drop() noexcept {
    if (from_ != nullptr) {
      from_->remove_reader();
    }
  }

  std::shared_ptr<bulletin> from_;  // null when it was moved from
};

}  // namespace skein::detail
