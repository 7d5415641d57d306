// SPDX-License-Identifier: Apache-2.0
// main.cpp: the main function of every test program.
#define CATCH_CONFIG_MAIN
#include <support/catch.hpp>
