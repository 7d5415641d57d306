// SPDX-License-Identifier: Apache-2.0
// names_test.cpp: functions, files and types as people name them.
#include <support/catch.hpp>

#include "names.hpp"

#include <stdexcept>
#include <typeinfo>

using namespace skein::detail;

TEST_CASE("names: functions are short, from both compilers", "[core][names]") {
  // g++ 12
  REQUIRE(short_function_name("void fetch(fetch(int)::_Z5fetchi.Frame*)") == "fetch");
  REQUIRE(short_function_name(
              "void ns::{anonymous}::fetch(fetch(int)::_ZN2ns12_GLOBAL__N_15fetchEi.Frame*)") == "ns::fetch");
  REQUIRE(short_function_name(
              "void ns::tmpl(tmpl<int>(int, const std::vector<std::pair<int, int> >&)::_ZN2ns.Frame*)") ==
          "ns::tmpl");
  REQUIRE(short_function_name("void ns::S::member(ns::S::member() const::_ZNK2ns1S6memberEv.Frame*)") ==
          "ns::S::member");
  REQUIRE(short_function_name("void ns::S::operator()(ns::S::operator()(int)::_ZN2ns1SclEi.Frame*)") ==
          "ns::S::operator()");
  REQUIRE(short_function_name(
              "void main()::<lambda()>::<lambda(int)>::operator()(main()::<lambda()>::<lambda(int)>::"
              "_ZZZ4mainENKUlvE_clEvENKUliE_clEi.Frame*)") == "main::<lambda>::<lambda>");
  // clang 19
  REQUIRE(short_function_name("skein::coro<int> ns::(anonymous namespace)::fetch(int)") == "ns::fetch");
  REQUIRE(
      short_function_name("skein::coro<std::vector<T>> ns::tmpl(T, const std::vector<std::pair<int, int>> &) "
                          "[T = int]") == "ns::tmpl");
  REQUIRE(short_function_name("skein::coro<> ns::S::member() const") == "ns::S::member");
  REQUIRE(short_function_name("static skein::coro<> ns::S::st()") == "ns::S::st");
  REQUIRE(short_function_name("skein::coro<> ns::S::operator()(int)") == "ns::S::operator()");
  REQUIRE(short_function_name(
              "auto main()::(anonymous class)::operator()()::(anonymous class)::operator()(int) const") ==
          "main::<lambda>::<lambda>");
  REQUIRE(short_function_name("main") == "main");
  REQUIRE(short_function_name("") == "");
}

TEST_CASE("names: a place is a frame with a short name", "[core][names]") {
  skein::call_frame const frame = frame_of(std::source_location::current());
  REQUIRE_FALSE(frame.function.empty());
  REQUIRE(file_name(frame.file) == "names_test.cpp");
  REQUIRE(frame.line == std::source_location::current().line() - 3);
}

TEST_CASE("names: of a path the part behind the last slash", "[core][names]") {
  REQUIRE(file_name("/usr/src/main.cpp") == "main.cpp");
  REQUIRE(file_name("main.cpp") == "main.cpp");
  REQUIRE(file_name("src/").empty());
  REQUIRE(file_name("").empty());
}

TEST_CASE("names: types and symbols are demangled, anything else stays as it is", "[core][names]") {
  REQUIRE(demangle(typeid(std::runtime_error).name()) == "std::runtime_error");
  REQUIRE(demangle("_ZN3app5fetchEi") == "app::fetch(int)");
  REQUIRE(demangle("no symbol") == "no symbol");
}
