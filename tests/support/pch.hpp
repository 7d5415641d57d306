// SPDX-License-Identifier: Apache-2.0
// pch.hpp: what every test includes, compiled once.
#pragma once

#include <support/test_case.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>
