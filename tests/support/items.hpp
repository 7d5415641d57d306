// SPDX-License-Identifier: Apache-2.0
// items.hpp: items for queues, of the kinds that they keep in different ways.
#pragma once

#include <memory>

namespace skein_test {

/// A number that needs a block of its own in a queue, because moving it is more than copying bytes.
struct in_node {
  in_node(int v) : value{std::make_shared<int>(v)} {}
  operator int() const { return *value; }
  std::shared_ptr<int> value;
};

}  // namespace skein_test
