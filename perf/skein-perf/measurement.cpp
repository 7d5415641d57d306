// SPDX-License-Identifier: Apache-2.0
// measurement.cpp: talking with the process that does the work, and with the load generator.
#include "measurement.hpp"

#include "process.hpp"
#include "scenario.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <optional>
#include <stdexcept>

namespace perf {
namespace {

using nlohmann::json;
using time_point = process::time_point;

json read_json(process& from, time_point deadline) {
  auto const line = from.read_line(deadline);
  if (!line) {
    from.finish();  // says why, if it ended badly
    throw std::runtime_error{"ended without an answer"};
  }
  auto parsed = json::parse(*line, nullptr, false);
  if (!parsed.is_object()) {
    throw std::runtime_error{fmt::format("answered \"{}\", which is not a JSON object", *line)};
  }
  return parsed;
}

void read_to_end(process& from, time_point deadline) {
  while (from.read_line(deadline)) {
  }
  from.finish();
}

void check_answer(json const& answered, std::uint64_t right) {
  auto const answer = answered.at("answer").get<std::uint64_t>();
  if (answer != right) {
    throw std::runtime_error{fmt::format("wrong answer: {} instead of {}", answer, right)};
  }
}

json generate_load(std::uint16_t port, std::uint64_t messages, time_point deadline) {
  process generator{{(program_folder() / "skein-perf-echo-generator").string(), std::to_string(port),
                     std::to_string(echo_connections), std::to_string(messages)}};
  auto answered = read_json(generator, deadline);
  read_to_end(generator, deadline);
  check_answer(answered, messages * echo_message_bytes);
  return answered;
}

sample parse_sample(json const& answered) {
  return {.wall_ms = answered.at("wall_ms").get<double>(),
          .cpu_ms = answered.at("cpu_ms").get<double>(),
          .rss_kib = answered.at("rss_kib").get<std::uint64_t>(),
          .metrics = answered.value("metrics", std::map<std::string, double>{})};
}

std::vector<std::string> command_for(peer const& p, std::string_view scenario_name, unsigned workers,
                                     std::uint64_t size) {
  auto command = p.command();
  command.insert(command.end(), {std::string{scenario_name}, "--workers", std::to_string(workers), "--size",
                                 std::to_string(size)});
  return command;
}

/// A server's times are those of its clients; its CPU time is its own.
sample measure_server(process& server, std::uint64_t messages, time_point deadline) {
  auto const port = read_json(server, deadline).at("port").get<std::uint16_t>();
  json const load = generate_load(port, messages, deadline);
  json const answered = read_json(server, deadline);
  check_answer(answered, messages * echo_message_bytes);
  sample measured = parse_sample(answered);
  measured.wall_ms = load.at("wall_ms").get<double>();
  measured.metrics = load.at("metrics").get<std::map<std::string, double>>();
  measured.metrics["cpu_s_per_million"] = measured.cpu_ms * 1e3 / static_cast<double>(messages);
  return measured;
}

}  // namespace

sample measure(peer const& p, scenario const& s, unsigned workers, std::uint64_t size,
               std::chrono::seconds timeout) {
  auto const deadline = std::chrono::steady_clock::now() + timeout;
  auto command = command_for(p, s.name, workers, size);
  if (s.has_clients) {
    command.insert(command.end(), {"--connections", std::to_string(echo_connections)});
  }
  process child{command};
  try {
    if (s.has_clients) {
      sample const measured = measure_server(child, size, deadline);
      read_to_end(child, deadline);
      return measured;
    }
    json const answered = read_json(child, deadline);
    read_to_end(child, deadline);
    check_answer(answered, s.answer(size));
    return parse_sample(answered);
  } catch (json::exception const& error) {
    throw std::runtime_error{fmt::format("answered in another form than agreed: {}", error.what())};
  }
}

std::uint64_t measure_idle_rss_kib(peer const& p, unsigned workers, std::chrono::seconds timeout) {
  auto const deadline = std::chrono::steady_clock::now() + timeout;
  process child{command_for(p, "idle", workers, 0)};
  json const answered = read_json(child, deadline);
  read_to_end(child, deadline);
  return parse_sample(answered).rss_kib;
}

}  // namespace perf
