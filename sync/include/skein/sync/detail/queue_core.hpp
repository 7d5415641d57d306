// SPDX-License-Identifier: Apache-2.0
// queue_core.hpp: the lines, counts and rules of a queue, without the type of its items.
//
// What       Items are nodes that the typed side makes and destroys outside of the lock; under it they are
//            only linked. An item that is put while getters wait goes to the first of them; when there is
//            room, the first putter in line is called and puts its item when it runs. Who is cancelled in
//            between gives the item or the room back at once.
//            In orders other than first in, first out a getter is called with the claim to one item, and
//            chooses it when it runs: the choice is as late as in asyncio, and a cancel gives back a number.
//            With room for none (a rendezvous) a getter takes the item out of the hands of the first putter.
//            Items that can be copied as bytes need no node while nobody waits: the list of a queue of them
//            holds runs, nodes with many items (item_run.hpp).
// Source     asyncio.Queue of CPython 3.13 for the rules; the hand-over is ours (notes/hand_over.md).
// Threads    Any.
// Progress   Spinlock; see waiter.hpp. shut_down takes as many steps as there are waiters.
// Lifetime   Outlives every await of it.
//
// Invariants (guarded by lock_)
//   I1  While getters stand in line, every item is claimed; in a rendezvous no putter stands in line then.
//   I2  Items, called getters (or claims, where there are some) and called putters are never more than the
//       limit, but for an item that comes back to a rendezvous.
//   I3  Putters in line are there only while I2 leaves no room.
//   I4  Items stand in the order in which they were put (oldest, chosen) or the other way round (newest),
//       also after one came back from a cancelled getter.
//   I5  size_ + claims_ items are in the queue: in its list or, if they are chosen, with the typed side.
//   I6  No run in the list is empty. The number of a run is that of the first item it ever had, and its items
//       have consecutive numbers: only while the queue is empty an item is put without being stored (I1).
//
// Checked    tests/sync/queue_test.cpp, tests/sync/priority_queue_test.cpp, tests/sync/channel_test.cpp,
//            tests/sync/handoff_cancel_test.cpp; tests/stress/sync_stress.cpp under ThreadSanitizer.
#pragma once

#include <skein/sync/detail/place.hpp>

#include <skein/core/lowlevel/biased_lock.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

namespace skein::detail {

/// An item in the queue, or on its way in or out; or a run of items that are in the queue.
struct queue_node {
  queue_node* next = nullptr;
  std::uint64_t number = 0;  // the how many-eth that was put
  // A run has the items [first, last); of a node with a single item both are 0.
  std::uint32_t first = 0;
  std::uint32_t last = 0;

  [[nodiscard]] bool is_run() const noexcept { return last != 0; }
};

/// Which item is the next.
enum class item_order : std::uint8_t {
  oldest,  // handed to a getter when it is put
  newest,  // chosen when the getter runs
  chosen,  // the same, by the typed side
};

/// What a getter has: an item, in a node or copied, or the claim to one of those in the queue.
struct queue_share {
  queue_node* item = nullptr;
  bool claim = false;
  bool copied = false;            // to where `into` points
  void* into = nullptr;           // for an item of a run
  std::uint64_t number = 0;       // of the copied one
  queue_node* emptied = nullptr;  // the run it was in, to be freed without the lock
};

class get_wait;

class queue_core {
 public:
  static constexpr std::size_t no_bound = std::numeric_limits<std::size_t>::max();

  /// `limit`      How many items fit; with 0 an item goes from hand to hand.
  /// `item_size`  Bytes of an item that may stand in runs, 0 if none may. Runs are for `item_order::oldest`.
  queue_core(std::size_t limit, item_order order, std::size_t item_size = 0) noexcept
      : limit_{limit}, order_{order}, item_size_{item_size} {}
  queue_core(queue_core const&) = delete;
  queue_core& operator=(queue_core const&) = delete;
  ~queue_core() = default;

  enum class result { done, not_now, shut_down };

  /// Puts a node; on anything but done it stays the caller's.
  [[nodiscard]] result try_put(queue_node& node) noexcept;
  /// Takes the next node, or the claim to it.
  [[nodiscard]] result try_get(queue_share& share) noexcept;
  /// Returns     False when it was called more often than items were put.
  [[nodiscard]] bool task_done() noexcept;
  /// Returns     The items that were dropped, for the caller to destroy.
  [[nodiscard]] queue_node* shut_down(bool immediate) noexcept;
  /// The queue goes: nobody in line will be woken.
  ///
  /// Returns     The items, for the caller to destroy.
  [[nodiscard]] queue_node* disband(char const* primitive) noexcept;

  // With a claim.
  /// Takes the newest item; null when all were dropped.
  [[nodiscard]] queue_node* take_newest() noexcept;
  /// Moves what was put to the typed side, oldest first.
  [[nodiscard]] queue_node* take_all() noexcept;
  /// The typed side has taken the item.
  void use_claim() noexcept;
  /// Nobody takes it: the next getter in line may.
  void give_back_claim() noexcept;

  /// Takes back an item that was copied and did not reach its coroutine, in a node and with its number: it
  /// goes to the next getter in line, or to its old place.
  ///
  /// Returns     False when all items were dropped meanwhile: the node stays the caller's.
  [[nodiscard]] bool give_back(queue_node& node) noexcept;
  /// Takes an empty run, for items to come.
  void add_spare(queue_node& run) noexcept;

  [[nodiscard]] std::size_t size() const noexcept;
  [[nodiscard]] bool full() const noexcept;
  [[nodiscard]] bool is_shut_down() const noexcept;
  [[nodiscard]] std::size_t limit() const noexcept { return limit_; }
  [[nodiscard]] std::size_t waiting() const noexcept;

  /// What it looks like at one moment.
  struct snapshot {
    std::size_t size;
    std::size_t getters;
    std::size_t putters;
    std::size_t unfinished;
    bool shut_down;
  };
  [[nodiscard]] snapshot look() const noexcept;

 private:
  friend class get_wait;
  friend class put_wait;
  friend class join_wait;
  template <class T>
  friend struct runs_of;

  // All with lock_ held.
  [[nodiscard]] bool hands_over() const noexcept { return order_ == item_order::oldest; }
  [[nodiscard]] bool is_rendezvous() const noexcept { return limit_ == 0; }
  [[nodiscard]] bool has_room_for_oldest() const noexcept {
    return size_ + called_getters_.size() + called_putters_.size() < limit_;
  }
  [[nodiscard]] bool has_room() const noexcept {
    return hands_over() ? has_room_for_oldest() || (is_rendezvous() && !getters_.empty())
                        : size_ + claims_ + called_putters_.size() < limit_;
  }
  [[nodiscard]] bool has_item() const noexcept {
    return size_ != 0 || (is_rendezvous() && !putters_.empty());
  }
  [[nodiscard]] bool front_is_run() const noexcept {
    return hands_over() && head_ != nullptr && head_->is_run();
  }
  // Nothing will come any more; what a called getter has may come back.
  [[nodiscard]] bool drained() const noexcept {
    return shut_down_ && size_ == 0 && (dropped_ || called_getters_.empty());
  }
  void store(queue_node& node) noexcept;
  void push_in_order(queue_node& node) noexcept;
  [[nodiscard]] queue_node* pop_front() noexcept;
  void copy_front(queue_share& share) noexcept;
  /// Without the lock, after serve.
  static void free_emptied(queue_share& share) noexcept;
  /// The first node, a run, has no items left.
  ///
  /// Returns     The run for the caller to free, or null when it is kept as a spare one.
  [[nodiscard]] queue_node* retire_run() noexcept;
  /// Puts a spare run at the end; it is about to get an item.
  void begin_run() noexcept;
  void accept(queue_node& node, wake_chain& chain) noexcept;
  void serve(queue_share& share, wake_chain& chain) noexcept;
  void take_from_putter(queue_share& share, wake_chain& chain) noexcept;
  void take_back(queue_share& share, wake_chain& chain) noexcept;
  void pass_claim(wake_chain& chain) noexcept;
  void call_putters(wake_chain& chain) noexcept;
  void call_getters_if_drained(wake_chain& chain) noexcept;
  void call_joiners_if_done(wake_chain& chain) noexcept;

  mutable lowlevel::biased_lock lock_;
  std::size_t const limit_;
  item_order const order_;
  std::size_t const item_size_;
  queue_node* head_ = nullptr;
  queue_node* tail_ = nullptr;      // if head_ is not null, and they do not leave newest first
  queue_node* spare_ = nullptr;     // empty runs
  std::size_t size_ = 0;            // items that nobody claims
  std::size_t claims_ = 0;          // of called getters and of getters that are about to choose
  std::size_t unfinished_ = 0;      // put and not yet reported by task_done
  std::uint64_t put_in_total_ = 0;  // numbers the items
  bool shut_down_ = false;
  bool dropped_ = false;  // by shutdown(true)
  waiter_line getters_{lock_};
  waiter_line putters_{lock_};
  waiter_line joiners_{lock_};
  waiter_line called_getters_{lock_};  // have an item or a claim and did not run yet
  waiter_line called_putters_{lock_};  // have room and did not run yet
};

/// Returns     The limit for a maxsize as in asyncio: 0, or a negative one that was converted, is no bound.
[[nodiscard]] std::size_t queue_limit(std::size_t maxsize) noexcept;
[[nodiscard]] std::string queue_repr(queue_core const& core, char const* name);
[[noreturn]] void throw_queue_empty();
[[noreturn]] void throw_queue_full(std::size_t maxsize);
[[noreturn]] void throw_queue_shut_down();
[[noreturn]] void throw_task_done_too_often();

}  // namespace skein::detail
