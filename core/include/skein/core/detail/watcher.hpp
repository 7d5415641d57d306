// SPDX-License-Identifier: Apache-2.0
// watcher.hpp: hearing of the completion of several futures, in the order they complete.
#pragma once

#include <skein/core/clock.hpp>
#include <skein/core/detail/completion_link.hpp>
#include <skein/core/detail/doorbell.hpp>

#include <cstddef>
#include <memory>
#include <vector>

namespace skein::detail {

/// Listens to up to n futures.
///
/// Threads     watch, unwatch: the owner. told is called by any thread, several at once.
/// Lifetime    Counted: each future that is not done yet holds a reference, and so does the owner.
class watcher {
 public:
  explicit watcher(std::size_t capacity);
  watcher(watcher const&) = delete;
  watcher& operator=(watcher const&) = delete;
  virtual ~watcher() = default;

  void retain() noexcept { references_.fetch_add(1, lowlevel::memory_order_relaxed); }
  void release() noexcept {
    if (references_.fetch_sub(1, lowlevel::memory_order_acq_rel) == 1) {
      delete this;
    }
  }

  /// Listens to one more future; it has the next index.
  void watch(state_ref<> future);
  /// Stops to listen.
  void unwatch() noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] future_state& future(std::size_t index) const noexcept { return links_[index].future(); }
  /// Returns     The indices of those that are done, in the order they were completed.
  [[nodiscard]] std::vector<std::size_t> done() const;

  /// Rung by most kinds of watcher.
  doorbell bell;

 protected:
  /// One future is done; called once for each.
  virtual void told(std::size_t index) noexcept = 0;

 private:
  struct link : completion_link {
    link() noexcept : completion_link{told_ops} {}
    watcher* owner = nullptr;
  };
  static link_ops const told_ops;
  static void link_told(completion_link& l) noexcept;
  static void link_lost(completion_link& l) noexcept;
  static state_ref<> behind_link(completion_link& l) noexcept;

  std::unique_ptr<link[]> links_;
  std::size_t size_ = 0;
  lowlevel::atomic<std::uint32_t> completed_{0};
  lowlevel::atomic<std::uint32_t> references_{1};
};

/// Listens as long as it lives.
template <class Watcher>
class watching {
 public:
  explicit watching(Watcher* made) noexcept : watcher_{state_ref<Watcher>::adopt(made)} {}
  watching(watching const&) = delete;
  watching& operator=(watching const&) = delete;
  ~watching() { watcher_->unwatch(); }
  [[nodiscard]] Watcher* operator->() const noexcept { return watcher_.get(); }

 private:
  state_ref<Watcher> watcher_;
};

/// Rings its bell for every completion.
class ringing_watcher final : public watcher {
 public:
  using watcher::watcher;

 private:
  void told(std::size_t) noexcept override { bell.ring(); }
};

/// The instant that a delay from now is.
[[nodiscard]] lowlevel::instant deadline_from_now(delay d) noexcept;

}  // namespace skein::detail
