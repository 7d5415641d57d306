// SPDX-License-Identifier: Apache-2.0
// programs.cpp: the scenarios of skein-perf as the model plays them, and `play`.
#include "world.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace perf::model {
namespace {

constexpr task root{0};
constexpr std::uint32_t fixed_tasks = 1000;  // of yield and mutex
constexpr int budget = 128;                  // run_options::budget

/// A root that makes tasks 1 to n, one a step, and then awaits them in this order.
class makes_and_awaits : public program {
 public:
  explicit makes_and_awaits(std::uint64_t n) : done_(n + 1, false) {}

  void begin(world& w) override { w.inject(root); }
  std::optional<task> run(world& w, task t) override {
    return t.id == root.id ? run_root(w) : run_child(w, t);
  }

 protected:
  virtual std::optional<task> run_child(world& w, task t) = 0;
  void finish(world& w, task t) {
    done_[t.id] = true;
    if (t.id == awaited_) {
      awaited_ = 0;
      w.push_woken(root);
    }
  }

 private:
  std::optional<task> run_root(world& w) {
    if (made_ + 1 < done_.size()) {
      w.spend(w.ns().make);
      w.push_stealable({++made_});
      return root;
    }
    while (next_ < done_.size() && done_[next_]) {
      ++next_;
    }
    ended = next_ == done_.size();
    awaited_ = ended ? 0 : next_;
    return std::nullopt;
  }

  std::vector<bool> done_;
  std::uint32_t made_ = 0;
  std::uint32_t next_ = 1;
  std::uint32_t awaited_ = 0;
};

class spawn final : public makes_and_awaits {
 public:
  using makes_and_awaits::makes_and_awaits;

 private:
  std::optional<task> run_child(world& w, task t) override {
    ++operations;
    finish(w, t);
    return std::nullopt;
  }
};

class yield final : public makes_and_awaits {
 public:
  explicit yield(std::uint64_t size)
      : makes_and_awaits{fixed_tasks},
        left_(fixed_tasks + 1, std::max<std::uint64_t>(size / fixed_tasks, 1)) {}

 private:
  std::optional<task> run_child(world& w, task t) override {
    if (left_[t.id]-- == 0) {
      finish(w, t);
    } else {
      ++operations;
      w.push_stealable(t);
    }
    return std::nullopt;
  }

  std::vector<std::uint64_t> left_;
};

class pingpong final : public program {
 public:
  explicit pingpong(std::uint64_t size) : left_{size} {}

  void begin(world& w) override { w.inject({1}); }
  std::optional<task> run(world& w, task t) override {
    w.spend(w.ns().wake / 2);
    if (!std::exchange(wakes_, !wakes_)) {
      return t;  // on its way to the wake-up
    }
    if (t.id == 2) {
      ++operations;
      ended = operations == left_;
    }
    w.write_own_line();
    w.push_woken({3 - t.id});  // then it waits, and goes back to the loop
    return std::nullopt;
  }

 private:
  std::uint64_t left_;
  bool wakes_ = false;
};

/// Takes the lock in one step and gives it back in the next, so that others find it taken.
class mutex final : public makes_and_awaits {
 public:
  explicit mutex(std::uint64_t size)
      : makes_and_awaits{fixed_tasks},
        left_(fixed_tasks + 1, std::max<std::uint64_t>(size / fixed_tasks, 1)),
        ready_(fixed_tasks + 1, 0) {}

 private:
  std::optional<task> run_child(world& w, task t) override {
    w.write_own_line();
    if (owner_ == t.id) {
      return give_back(w, t);
    }
    if (owner_ == 0) {
      owner_ = t.id;
      return t;
    }
    waiters_.push_back(t);
    ready_[t.id] = 0;
    return std::nullopt;
  }

  std::optional<task> give_back(world& w, task t) {
    w.spend(w.ns().section);
    ++operations;
    owner_ = 0;
    if (!waiters_.empty()) {
      task const next = waiters_.front();
      waiters_.pop_front();
      owner_ = next.id;
      w.push_woken(next);
    }
    if (--left_[t.id] == 0) {
      finish(w, t);
      return std::nullopt;
    }
    if (!w.alone() && ++ready_[t.id] == budget) {
      ready_[t.id] = 0;
      w.push_stealable(t);
      return std::nullopt;
    }
    return t;
  }

  std::vector<std::uint64_t> left_;
  std::vector<int> ready_;
  std::deque<task> waiters_;
  std::uint32_t owner_ = 0;
};

/// A task is fib of its number; small ones are run at one go.
class fib final : public program {
 public:
  explicit fib(std::uint64_t n) : n_{static_cast<std::uint32_t>(n)} {
    for (std::size_t i = 2; i < calls_.size(); ++i) {
      calls_[i] = calls_[i - 1] + calls_[i - 2] + 1;
    }
  }

  void begin(world& w) override { w.inject({n_}); }
  std::optional<task> run(world& w, task t) override {
    if (t.id > at_one_go) {
      ++operations;
      w.spend(w.ns().call);
      w.fork({t.id - 2});
      return task{t.id - 1};
    }
    operations += calls_[t.id];
    w.spend(w.ns().call * static_cast<double>(calls_[t.id]));
    ended = operations == calls_[n_];
    return w.pop_fork();
  }

  static constexpr std::uint64_t most = 45;

 private:
  static constexpr std::uint32_t at_one_go = 10;
  std::array<std::uint64_t, most + 1> calls_{1, 1};
  std::uint32_t n_;
};

/// A task of 20 µs every 200 µs, and nothing else.
class sparse final : public program {
 public:
  explicit sparse(std::uint64_t size) : size_{size} {}

  void begin(world& w) override { w.inject(root); }
  void timer(world& w) override { w.push_woken(root); }
  std::optional<task> run(world& w, task t) override {
    if (t.id != root.id) {
      w.spend(20'000);
      ended = ++operations == size_;
    } else if (made_ < size_) {
      w.spend(w.ns().make);
      w.push_stealable({static_cast<std::uint32_t>(++made_)});
      w.set_timer(200'000);
    }
    return std::nullopt;
  }

 private:
  std::uint64_t size_;
  std::uint64_t made_ = 0;
};

constexpr std::array<std::string_view, 6> names{"spawn", "yield", "pingpong", "mutex", "fib", "sparse"};

std::unique_ptr<program> make(std::string_view name, std::uint64_t size) {
  if (name == "spawn") {
    return std::make_unique<spawn>(size);
  }
  if (name == "yield") {
    return std::make_unique<yield>(size);
  }
  if (name == "pingpong") {
    return std::make_unique<pingpong>(size);
  }
  if (name == "mutex") {
    return std::make_unique<mutex>(size);
  }
  if (name == "fib") {
    return std::make_unique<fib>(std::min(size, fib::most));
  }
  if (name == "sparse") {
    return std::make_unique<sparse>(size);
  }
  throw std::invalid_argument{"the model has no program " + std::string{name}};
}

}  // namespace

std::span<std::string_view const> programs() { return names; }

counts play(std::string_view name, std::uint64_t size, machine_model const& machine) {
  if (machine.workers == 0 || machine.cores == 0 || machine.cores > cores_max || size == 0) {
    throw std::invalid_argument{"the model needs workers, 1 to " + std::to_string(cores_max) +
                                " cores, and something to do"};
  }
  auto const what = make(name, size);
  return world{machine, *what}.play();
}

}  // namespace perf::model
