// SPDX-License-Identifier: Apache-2.0
// generator_registry.hpp: the async generators that have begun in a runtime and have not ended.
#pragma once

#include <skein/core/detail/generator_core.hpp>
#include <skein/core/lowlevel/spinlock.hpp>

#include <vector>

namespace skein::detail {

/// An intrusive list behind a lock. It outlives its runtime when a generator does.
///
/// Threads     Any.
class generator_registry {
 public:
  /// What becomes of a generator that is dropped unfinished.
  enum class mode : std::uint8_t {
    open,      // a task closes it
    draining,  // it waits here until the tasks have ended
    ended,     // its frame is destroyed where it is
  };

  /// Returns     False after shutdown_asyncgens: somebody should be told.
  [[nodiscard]] bool add(generator_core& core) noexcept;
  void remove(generator_core& core) noexcept;

  void expect_no_more() noexcept;
  void drain() noexcept;
  /// Destroys what waits here.
  void end() noexcept;
  [[nodiscard]] mode now() noexcept;
  [[nodiscard]] bool empty() noexcept;

  /// Takes over the caller's reference to a dropped generator while the registry is draining.
  ///
  /// Returns     False when it is not; the reference stays the caller's.
  [[nodiscard]] bool park(generator_core& core) noexcept;

  /// Returns     All that nobody tried to close yet.
  [[nodiscard]] std::vector<generator_ref> collect();

 private:
  lowlevel::spinlock lock_;
  // Guarded by lock_.
  generator_core* head_ = nullptr;
  std::size_t size_ = 0;
  mode mode_ = mode::open;
  bool more_expected_ = true;
};

/// Closes the generators of a registry, until none is left that nobody tried to close. What goes wrong is
/// reported to the loop.
[[nodiscard]] coro<void> close_generators(std::shared_ptr<generator_registry> registry, loop_id loop);

}  // namespace skein::detail
