// SPDX-License-Identifier: Apache-2.0
// json.cpp: the results as JSON.
#include "machine.hpp"
#include "output.hpp"
#include "scenario.hpp"

#include <nlohmann/json.hpp>

#include <ostream>

namespace perf {
namespace {

using json = nlohmann::ordered_json;

json to_json(spread const& s) {
  return {{"median", s.median()}, {"min", s.min()}, {"max", s.max()}, {"runs", s.runs()}};
}

json to_json(row const& r) {
  json metrics = json::object();
  for (auto const& [name, value] : r.metrics) {
    metrics[name] = value;
  }
  if (r.share > 1) {
    metrics["work_share"] = 1.0 / static_cast<double>(r.share);
  }
  return {{"scenario", r.what->name},    {"runtime", r.who->name},
          {"workers", r.workers},        {"wall_ms", to_json(r.wall_ms)},
          {"cpu_ms", to_json(r.cpu_ms)}, {"rss_kib", r.rss_kib},
          {"metrics", metrics},          {"checked", true}};
}

}  // namespace

void write_json(std::ostream& to, report const& r, machine const& where, run_options const& options) {
  json document;
  document["machine"] = {
      {"cpu", where.cpu},        {"cores", where.cores},       {"memory_gib", where.memory_gib},
      {"kernel", where.kernel},  {"compiler", where.compiler}, {"build", where.build},
      {"date", where.date},      {"load", where.load},         {"quick", options.quick},
      {"repeat", options.repeat}};
  for (auto const& [name, version] : r.versions) {
    document["machine"]["versions"][std::string{name}] = version;
  }
  document["results"] = json::array();
  for (auto const& measured : r.rows) {
    document["results"].push_back(to_json(measured));
  }
  to << document.dump(2) << '\n';
}

}  // namespace perf
