// SPDX-License-Identifier: Apache-2.0
// loop_table.hpp: from the number of a loop to the loop, if it still exists.
//
// Futures outlive their loops, so they name them by a number that is never used twice instead of a pointer.
// The table is read only where somebody asks for the loop of a future: to report an error, to run a callback.
#pragma once

#include <skein/core/detail/future_state.hpp>

namespace skein::detail {

class worker;

/// Reserves n numbers in a row.
[[nodiscard]] loop_id reserve_loop_ids(unsigned n) noexcept;

void add_loop(loop_id id, worker& w);
/// Takes a loop out; waits for those who are using it.
void remove_loop(loop_id id) noexcept;

/// Keeps a loop in existence while it is used.
class pinned_loop {
 public:
  explicit pinned_loop(loop_id id) noexcept;
  pinned_loop(pinned_loop const&) = delete;
  pinned_loop& operator=(pinned_loop const&) = delete;
  ~pinned_loop();

  [[nodiscard]] worker* get() const noexcept { return worker_; }

 private:
  loop_id id_;
  worker* worker_;
};

}  // namespace skein::detail
