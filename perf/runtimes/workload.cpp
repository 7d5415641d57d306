// SPDX-License-Identifier: Apache-2.0
// workload.cpp: main() of every measured C++ program: reads the request, runs it, prints one line of JSON.
#include "workload.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <exception>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>

namespace perf {
namespace {

workload const* first_workload = nullptr;

std::chrono::nanoseconds process_cpu_time() noexcept {
  std::timespec used{};
  static_cast<void>(::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used));
  return std::chrono::seconds{used.tv_sec} + std::chrono::nanoseconds{used.tv_nsec};
}

// Not getrusage: its ru_maxrss survives exec, so a large parent would hide a small child.
std::uint64_t peak_rss_kib() {
  std::ifstream status{"/proc/self/status"};
  std::string word;
  std::uint64_t kib = 0;
  while (status >> word) {
    if (word == "VmHWM:" && status >> kib) {
      return kib;
    }
  }
  throw std::runtime_error{"/proc/self/status has no VmHWM line, so the peak memory is not known"};
}

std::uint64_t parse_number(std::string_view option, std::string_view text) {
  std::uint64_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw std::invalid_argument{fmt::format("{} {}: a whole number is needed", option, text)};
  }
  return value;
}

request parse_request(std::span<char* const> arguments) {
  request r;
  r.scenario = arguments.front();
  for (std::size_t i = 1; i < arguments.size(); i += 2) {
    std::string_view const option = arguments[i];
    if (i + 1 == arguments.size()) {
      throw std::invalid_argument{fmt::format("{}: its value is missing", option)};
    }
    std::uint64_t const value = parse_number(option, arguments[i + 1]);
    if (option == "--workers") {
      r.workers = static_cast<unsigned>(value);
    } else if (option == "--size") {
      r.size = value;
    } else if (option == "--connections") {
      r.connections = static_cast<unsigned>(value);
    } else {
      throw std::invalid_argument{
          fmt::format("{}: unknown option; there are --workers, --size, --connections", option)};
    }
  }
  return r;
}

std::string lateness(std::vector<float>& late_ms) {
  if (late_ms.empty()) {
    return {};
  }
  std::sort(late_ms.begin(), late_ms.end());
  auto const quantile = [&](double q) {
    return late_ms[static_cast<std::size_t>(q * static_cast<double>(late_ms.size() - 1))];
  };
  return fmt::format(R"("late_ms_p50": {:.4f}, "late_ms_p99": {:.4f}, "late_ms_max": {:.4f})", quantile(0.5),
                     quantile(0.99), late_ms.back());
}

std::string counted(result const& r) {
  std::string text;
  for (auto const& [name, count] : r.counters) {
    text += fmt::format(R"({}"{}": {})", text.empty() ? "" : ", ", name, count);
  }
  return text.empty() ? text : fmt::format(R"(, "counters": {{{}}})", text);
}

void print(result& r) {
  std::uint64_t const rss_kib = peak_rss_kib();  // before the percentiles touch more memory
  fmt::print(R"({{"wall_ms": {:.6f}, "cpu_ms": {:.6f}, "answer": {}, "rss_kib": {}, "metrics": {{{}}}{}}})"
             "\n",
             r.wall_ms, r.cpu_ms, r.answer, rss_kib, lateness(r.late_ms), counted(r));
}

int run(std::span<char* const> arguments) {
  if (arguments.empty()) {
    fmt::print(stderr, "usage: PROGRAM list | SCENARIO [--workers N] [--size S] [--connections C]\n");
    return 2;
  }
  bool const list = std::string_view{arguments.front()} == "list";
  if (list) {
    fmt::print("version {}\n", runtime_version());
  }
  for (auto const* w = workload::first(); w != nullptr; w = w->next()) {
    if (list) {
      fmt::print("{}\n", w->scenario());
    } else if (w->scenario() == arguments.front()) {
      result answer = w->run(parse_request(arguments));
      print(answer);
      return 0;
    }
  }
  if (!list) {
    fmt::print(stderr, "unknown scenario \"{}\"; `list` prints what there is\n", arguments.front());
  }
  return list ? 0 : 2;
}

}  // namespace

stopwatch::stopwatch() noexcept
    : wall_start_{std::chrono::steady_clock::now()}, cpu_start_{process_cpu_time()} {}

void stopwatch::stop(result& into) const noexcept {
  using milliseconds = std::chrono::duration<double, std::milli>;
  auto const cpu_end = process_cpu_time();
  into.wall_ms = milliseconds{std::chrono::steady_clock::now() - wall_start_}.count();
  into.cpu_ms = milliseconds{cpu_end - cpu_start_}.count();
}

workload::workload(std::string_view scenario, function body) noexcept
    : scenario_{scenario}, body_{body}, next_{first_workload} {
  first_workload = this;
}

workload const* workload::first() noexcept { return first_workload; }

void announce_port(std::uint16_t port) {
  fmt::print(R"({{"port": {}}})"
             "\n",
             port);
  static_cast<void>(std::fflush(stdout));
}

}  // namespace perf

int main(int argc, char** argv) {
  try {
    return perf::run(std::span{argv, static_cast<std::size_t>(argc)}.subspan(1));
  } catch (std::exception const& error) {
    fmt::print(stderr, "{}: {}\n", argv[0], error.what());
    return 1;
  }
}
