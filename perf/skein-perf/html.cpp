// SPDX-License-Identifier: Apache-2.0
// html.cpp: the results as one page. It is well-formed XML, so that a test can take it apart.
#include "cells.hpp"
#include "machine.hpp"
#include "output.hpp"
#include "page_style.hpp"
#include "scenario.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perf {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (char const c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

/// A ratio within 5 % of 1 is no victory of anybody.
std::string_view colour(double ratio) { return ratio >= 1.05 ? "good" : ratio <= 0.95 ? "bad" : "even"; }

class page {
 public:
  page(report const& r, machine const& where, run_options const& options, std::string const& command)
      : report_{r}, machine_{where}, options_{options}, command_{command} {}

  std::string text() {
    out_ =
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\" />\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n"
        "<title>skein and its peers</title>\n<style>";
    out_ += page_style;
    out_ += "</style>\n</head>\n<body>\n<main>\n";
    add_head();
    add_ratios();
    for (scenario const* const s : options_.scenarios) {
      add_bars(*s);
    }
    add_notes();
    add_facts();
    add_repeat();
    out_ += "</main>\n</body>\n</html>\n";
    return std::move(out_);
  }

 private:
  // Not format_to: clang++ does not find what it needs in a libfmt that g++ built.
  template <class... Args>
  void add(fmt::format_string<Args...> form, Args&&... args) {
    out_ += fmt::format(form, std::forward<Args>(args)...);
  }

  void add_head() {
    add("<header><h1>skein and its peers</h1>\n<p>{}, {} cores · {} · {}{}</p></header>\n",
        escaped(machine_.cpu), machine_.cores, escaped(machine_.date),
        options_.repeat == 1 ? "1 round" : fmt::format("medians of {} rounds", options_.repeat),
        options_.quick ? " · small sizes" : "");
  }

  [[nodiscard]] std::vector<peer const*> measured_peers() const {
    std::vector<peer const*> found;
    for (auto const& r : report_.rows) {
      if (r.who != &peers().front() && std::ranges::find(found, r.who) == found.end()) {
        found.push_back(r.who);
      }
    }
    return found;
  }

  [[nodiscard]] row const* find(scenario const& s, peer const& p, unsigned workers) const {
    auto const found = std::ranges::find_if(report_.rows, [&](row const& r) {
      return r.what == &s && r.who == &p && (r.workers == workers || p.one_worker);
    });
    return found == report_.rows.end() ? nullptr : &*found;
  }

  void add_ratios() {
    auto const columns = measured_peers();
    if (columns.empty()) {
      return;
    }
    out_ +=
        "<section id=\"ratios\"><h2>Ratios</h2>\n"
        "<p>How many times as long as skein, with as many workers; below it, how many times as much CPU "
        "time. "
        "More than 1: skein is better.</p>\n"
        "<div class=\"scroll\"><table class=\"ratios\"><thead><tr><th>scenario</th><th>workers</th>";
    for (auto const* const p : columns) {
      add("<th>{}</th>", escaped(p->name));
    }
    out_ += "</tr></thead>\n<tbody>\n";
    for (auto const& mine : report_.rows) {
      if (mine.who == &peers().front()) {
        add("<tr><th>{}</th><td>{}</td>", escaped(mine.what->name), mine.workers);
        for (auto const* const p : columns) {
          add_ratio(mine, find(*mine.what, *p, mine.workers));
        }
        out_ += "</tr>\n";
      }
    }
    out_ += "</tbody></table></div></section>\n";
  }

  void add_ratio(row const& mine, row const* theirs) {
    auto const wall = theirs == nullptr ? std::nullopt : ratio(theirs->wall_ms, &mine.wall_ms);
    if (!wall) {
      out_ += "<td class=\"none\">–</td>";
      return;
    }
    auto const cpu = ratio(theirs->cpu_ms, &mine.cpu_ms);
    add("<td class=\"{}\"><b>{:.2f}</b><small>{}</small></td>", colour(*wall), *wall,
        cpu ? fmt::format("{:.2f}", *cpu) : "–");
  }

  void add_bars(scenario const& s) {
    double most = 0;
    for (auto const& r : report_.rows) {
      most = r.what == &s ? std::max(most, r.wall_ms.max()) : most;
    }
    if (most <= 0) {
      return;
    }
    add("<section id=\"{0}\"><h2>{0}</h2>\n<p>{1}</p>\n<div class=\"scroll\"><table "
        "class=\"bars\"><thead><tr>"
        "<th>runtime</th><th>workers</th><th class=\"wide\">wall time, min–max</th><th>ms</th><th>CPU ms</th>"
        "<th>RSS MiB</th><th>more</th></tr></thead>\n<tbody>\n",
        escaped(s.name), escaped(s.about));
    for (auto const& r : report_.rows) {
      if (r.what == &s) {
        add_bar(r, most);
      }
    }
    out_ += "</tbody></table></div></section>\n";
  }

  void add_bar(row const& r, double most) {
    auto const percent = [most](double ms) { return 100 * ms / most; };
    double const low = r.wall_ms.min();
    double const high = r.wall_ms.max();
    add("<tr class=\"{}\"><th>{}{}</th><td>{}</td>", r.who == &peers().front() ? "skein" : "peer",
        escaped(r.who->name), r.share > 1 ? "*" : "", r.workers);
    add("<td class=\"wide\"><div class=\"track\" title=\"{0} to {1} ms\"><i style=\"width:{2:.2f}%\"></i>"
        "<u style=\"left:{3:.2f}%;width:{4:.2f}%\"></u></div></td>",
        number(low), number(high), percent(r.wall_ms.median()), percent(low), percent(high - low));
    add("<td>{}</td><td>{}</td><td>{}</td><td class=\"more\">{}</td></tr>\n", number(r.wall_ms.median()),
        number(r.cpu_ms.median()), number(static_cast<double>(r.rss_kib) / 1024), escaped(metrics(r)));
  }

  void add_notes() {
    auto notes = share_notes(report_);
    notes.insert(notes.end(), report_.missing.begin(), report_.missing.end());
    for (auto const& failure : report_.failures) {
      notes.push_back("failed: " + failure);
    }
    if (notes.empty()) {
      return;
    }
    out_ += "<section id=\"notes\"><h2>Notes</h2>\n<ul>\n";
    for (auto const& note : notes) {
      add("<li>{}</li>\n", escaped(note));
    }
    out_ += "</ul></section>\n";
  }

  void add_facts() {
    out_ += "<section id=\"machine\"><h2>Machine and versions</h2>\n<dl>\n";
    auto const fact = [this](std::string_view name, std::string_view value) {
      add("<dt>{}</dt><dd>{}</dd>\n", escaped(name), escaped(value));
    };
    fact("processor", fmt::format("{}, {} cores usable", machine_.cpu, machine_.cores));
    fact("memory", fmt::format("{:.1f} GiB", machine_.memory_gib));
    fact("kernel", machine_.kernel);
    fact("compiler", fmt::format("{}, {}", machine_.compiler, machine_.build));
    fact("load before", fmt::format("{:.2f}", machine_.load));
    for (auto const& [name, version] : report_.versions) {
      fact(name, version.empty() ? "unknown" : version);
    }
    out_ += "</dl></section>\n";
  }

  void add_repeat() {
    add("<section id=\"repeat\"><h2>To repeat it</h2>\n<pre>{}</pre>\n"
        "<p>Every answer was checked. In each round all runtimes take turns, one process for each "
        "measurement; "
        "neither the start nor the end of process and runtime is counted. Milliseconds depend on the "
        "machine, "
        "ratios less so.</p></section>\n",
        escaped(command_));
  }

  report const& report_;
  machine const& machine_;
  run_options const& options_;
  std::string const& command_;
  std::string out_;
};

}  // namespace

void write_html(std::ostream& to, report const& r, machine const& where, run_options const& options,
                std::string const& command) {
  to << page{r, where, options, command}.text();
}

}  // namespace perf
