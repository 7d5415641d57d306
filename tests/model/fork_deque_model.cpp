// SPDX-License-Identifier: Apache-2.0
// fork_deque_model.cpp: every interleaving of an owner that forks, exposes and takes back, and of two
// thieves.
#include <support/catch.hpp>

#include <skein/core/lowlevel/fork_deque.hpp>

#include <model/explorer.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

namespace {

/// Who took which entry.
struct ledger {
  std::array<int, 8> taken{};
  void take(void const* entry) {
    ++taken.at(static_cast<std::size_t>(static_cast<int const*>(entry) - taken.data()));
  }
  void check(std::size_t count) const {
    for (std::size_t i = 0; i < count; ++i) {
      if (taken.at(i) != 1) {
        throw std::runtime_error{"entry " + std::to_string(i) + " was taken " + std::to_string(taken.at(i)) +
                                 " times"};
      }
    }
  }
};

template <class Deque>
struct state {
  Deque deque;
  ledger log;

  // Forks entries [first, first + n) and takes back what is left of them, as when_all does; `inside` runs
  // between.
  template <class Inside>
  void fork(int first, int n, Inside inside) {
    auto const base = deque.mark();
    for (int i = 0; i < n; ++i) {
      deque.put(base + i, &log.taken.at(static_cast<std::size_t>(first + i)));
    }
    static_cast<void>(deque.publish(base + n));
    inside();
    for (int i = n; i-- > 0;) {
      if (!deque.pop(base + i)) {
        break;
      }
      log.take(&log.taken.at(static_cast<std::size_t>(first + i)));
    }
  }
  void steal(int times) {
    for (int i = 0; i < times; ++i) {
      if (void* const entry = deque.steal()) {
        log.take(entry);
      }
    }
  }
};

template <class Deque>
model::scenario fork_and_expose(bool all) {
  auto s = std::make_shared<state<Deque>>();
  return {{[s, all] { s->fork(0, 3, [&] { s->deque.expose(all); }); }, [s] { s->steal(2); },
           [s] { s->steal(1); }},
          [s] { s->log.check(3); }};
}

/// The outermost fork comes and goes at the same place: what an ABA fault needs.
template <class Deque>
model::scenario fork_again_and_again() {
  auto s = std::make_shared<state<Deque>>();
  return {{[s] {
             for (int i = 0; i < 3; ++i) {
               s->fork(i, 1, [] {});
             }
           },
           [s] { s->steal(1); }, [s] { s->steal(1); }},
          [s] { s->log.check(3); }};
}

template <class Deque>
model::scenario forks_in_forks() {
  auto s = std::make_shared<state<Deque>>();
  return {{[s] {
             s->fork(0, 2, [&] {
               s->deque.expose(false);
               s->fork(2, 1, [&] { s->deque.expose(true); });
             });
             s->fork(3, 1, [] {});
           },
           [s] { s->steal(2); }},
          [s] { s->log.check(4); }};
}

using deque = skein::lowlevel::basic_fork_deque<8, model::atomic>;

/// Planted fault: the word without its tag.
template <class T>
class untagged : public model::atomic<T> {
 public:
  using model::atomic<T>::atomic;
  T fetch_add(T value, std::memory_order o) { return model::atomic<T>::fetch_add(without_tag(value), o); }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order a, std::memory_order b) {
    return model::atomic<T>::compare_exchange_strong(expected, without_tag(desired), a, b);
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order a, std::memory_order b) {
    return compare_exchange_strong(expected, desired, a, b);
  }

 private:
  static T without_tag(T value) {
    if constexpr (std::is_integral_v<T>) {
      return value & 0xffffffffU;
    } else {
      return value;
    }
  }
};
using deque_without_tag = skein::lowlevel::basic_fork_deque<8, untagged>;

/// Planted fault: the owner moves the border without looking whether a thief was faster.
template <class T>
class blind : public model::atomic<T> {
 public:
  using model::atomic<T>::atomic;
  bool compare_exchange_weak(T&, T desired, std::memory_order a, std::memory_order) {
    this->store(desired, a);
    return true;
  }
};
using deque_of_a_blind_owner = skein::lowlevel::basic_fork_deque<8, blind>;

}  // namespace

TEST_CASE("fork_deque model: each entry is taken once, whatever the owner exposes", "[model][fork_deque]") {
  for (bool const all : {false, true}) {
    auto const r = model::explore([&] { return fork_and_expose<deque>(all); }, 4);
    REQUIRE(r.fault == "");
    REQUIRE(r.schedules > 1000);
  }
}

TEST_CASE("fork_deque model: an entry that comes and goes at the same place is taken once",
          "[model][fork_deque]") {
  auto const r = model::explore(fork_again_and_again<deque>, 4);
  REQUIRE(r.fault == "");
  REQUIRE(r.schedules > 1000);
}

TEST_CASE("fork_deque model: forks in forks, and a fork after what was stolen", "[model][fork_deque]") {
  auto const r = model::explore(forks_in_forks<deque>, 5);
  REQUIRE(r.fault == "");
  REQUIRE(r.schedules > 1000);
}

TEST_CASE("fork_deque model: finds the fault of a word without a tag", "[model][fork_deque]") {
  auto const r = model::explore(fork_again_and_again<deque_without_tag>, 4);
  REQUIRE(r.fault.find("times") != std::string::npos);
}

TEST_CASE("fork_deque model: finds the fault of an owner that does not look", "[model][fork_deque]") {
  auto const r = model::explore([] { return fork_and_expose<deque_of_a_blind_owner>(true); }, 3);
  REQUIRE(r.fault.find("times") != std::string::npos);
}
