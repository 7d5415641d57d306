// SPDX-License-Identifier: Apache-2.0
// main.cpp: runs one example: skein-seeds NAME [WORKERS], or lists them: skein-seeds --list.
#include "seeds.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace seeds {

std::vector<example>& all() {
  static std::vector<example> examples;
  return examples;
}

unsigned& workers() {
  static unsigned count = 1;
  return count;
}

}  // namespace seeds

int main(int argc, char** argv) {
  std::string_view const wanted = argc > 1 ? argv[1] : "--list";
  auto& examples = seeds::all();
  std::ranges::sort(examples, {}, &seeds::example::name);
  if (wanted == "--list") {
    for (auto const& one : examples) {
      fmt::print("{}\n", one.name);
    }
    return 0;
  }
  if (argc > 2) {
    seeds::workers() = static_cast<unsigned>(std::strtoul(argv[2], nullptr, 10));
  }
  auto const found = std::ranges::find(examples, wanted, &seeds::example::name);
  if (found == examples.end() || seeds::workers() == 0) {
    fmt::print(stderr, "usage: skein-seeds NAME [WORKERS]; skein-seeds --list tells the names\n");
    return 2;
  }
  found->run();
  return 0;
}
