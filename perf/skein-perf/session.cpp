// SPDX-License-Identifier: Apache-2.0
// session.cpp: what is measured in which order.
//
// The runtimes take turns: each round of a scenario runs all of them once, so that a machine that gets slower
// or faster meanwhile does so for all.
#include "session.hpp"

#include "progress.hpp"
#include "scenario.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace perf {
namespace {

/// A row that is being measured.
struct entry {
  row measured;
  std::vector<sample> samples{};
  bool failed = false;
};

class session {
 public:
  session(run_options const& options, progress& shown) : options_{options}, progress_{shown} {}

  report run() {
    find_peers();
    auto plan = make_plan();
    progress_.set_total(plan.size() * options_.repeat);
    for (scenario const* const s : options_.scenarios) {
      for (unsigned round = 1; round <= options_.repeat; ++round) {
        for (auto& e : plan) {
          if (e.measured.what == s) {
            run_once(e, round);
          }
        }
      }
    }
    for (auto& e : plan) {
      if (!e.failed) {
        report_.rows.push_back(summarize(std::move(e)));
      }
    }
    add_speedups();
    return std::move(report_);
  }

 private:
  void find_peers() {
    for (peer const* const p : options_.peers) {
      try {
        if (auto found = ask(*p)) {
          report_.versions.emplace_back(p->name, found->version);
          present_.push_back(std::move(*found));
        } else if (p->package.empty()) {
          fail(fmt::format("{} is not built: build the target {}", p->name, p->program));
        } else {
          report_.missing.push_back(
              fmt::format("{} ({}) is missing: {}", p->name, p->about, p->how_to_get()));
        }
      } catch (std::exception const& error) {
        fail(fmt::format("{}: {}", p->name, error.what()));
      }
    }
  }

  [[nodiscard]] std::vector<entry> make_plan() const {
    std::vector<entry> plan;
    for (scenario const* const s : options_.scenarios) {
      for (auto const& p : present_) {
        ability const* const a = p.find(*s);
        if (a == nullptr || (a->full_only && options_.quick)) {
          continue;
        }
        std::uint64_t const size = (options_.quick ? s->quick_size : s->full_size) / a->share;
        auto const counts = p.who->one_worker ? std::vector<unsigned>{1} : options_.workers;
        for (unsigned const workers : counts) {
          plan.push_back({row{.what = s, .who = p.who, .workers = workers, .size = size, .share = a->share}});
        }
      }
    }
    return plan;
  }

  void run_once(entry& e, unsigned round) {
    if (e.failed) {
      progress_.skip();
      return;
    }
    auto const& m = e.measured;
    auto const title =
        fmt::format("{} on {}, {} worker{}", m.what->name, m.who->name, m.workers, m.workers == 1 ? "" : "s");
    progress_.begin(fmt::format("{}, round {} of {}", title, round, options_.repeat));
    try {
      sample s = measure(*m.who, *m.what, m.workers, m.size, options_.timeout);
      add_metrics(m, s);
      progress_.end(fmt::format("{:.1f} ms", s.wall_ms));
      e.samples.push_back(std::move(s));
    } catch (std::exception const& error) {
      e.failed = true;
      progress_.end("failed");
      fail(fmt::format("{}: {}", title, error.what()));
    }
  }

  void add_metrics(row const& m, sample& s) {
    if (m.what->counts_bytes) {
      auto const idle = idle_rss_kib(*m.who, m.workers);
      auto const bytes = (static_cast<double>(s.rss_kib) - idle) * 1024;
      s.metrics["bytes_per_task"] = std::max(bytes, 0.0) / static_cast<double>(m.size);
    }
    if (m.what->operations != nullptr) {
      s.metrics["ns_per_operation"] = s.wall_ms * 1e6 / static_cast<double>(m.what->operations(m.size));
    }
  }

  double idle_rss_kib(peer const& p, unsigned workers) {
    auto const [place, added] = idle_rss_.try_emplace({&p, workers}, 0.0);
    if (added) {
      std::vector<double> runs;
      for (int i = 0; i < 3; ++i) {
        runs.push_back(static_cast<double>(measure_idle_rss_kib(p, workers, options_.timeout)));
      }
      place->second = median(runs);
    }
    return place->second;
  }

  static row summarize(entry e) {
    std::vector<double> rss;
    std::map<std::string, std::vector<double>> metrics;
    for (auto const& s : e.samples) {
      e.measured.wall_ms.add(s.wall_ms * static_cast<double>(e.measured.share));
      e.measured.cpu_ms.add(s.cpu_ms * static_cast<double>(e.measured.share));
      rss.push_back(static_cast<double>(s.rss_kib));
      for (auto const& [name, value] : s.metrics) {
        metrics[name].push_back(value);
      }
    }
    e.measured.rss_kib = static_cast<std::uint64_t>(median(rss));
    for (auto& [name, values] : metrics) {
      e.measured.metrics[name] = median(std::move(values));
    }
    return std::move(e.measured);
  }

  void add_speedups() {
    for (auto& r : report_.rows) {
      auto const single = std::ranges::find_if(report_.rows, [&](row const& other) {
        return other.what == r.what && other.who == r.who && other.workers == 1;
      });
      if (r.what->forks && r.workers > 1 && single != report_.rows.end()) {
        r.metrics["speedup"] = single->wall_ms.median() / r.wall_ms.median();
      }
    }
  }

  void fail(std::string text) {
    progress_.say("error: " + text);
    report_.failures.push_back(std::move(text));
  }

  run_options const& options_;
  progress& progress_;
  std::vector<present_peer> present_;
  std::map<std::pair<peer const*, unsigned>, double> idle_rss_;
  report report_;
};

}  // namespace

report run_session(run_options const& options, progress& shown) { return session{options, shown}.run(); }

}  // namespace perf
