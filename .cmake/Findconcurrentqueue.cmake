# SPDX-License-Identifier: Apache-2.0
# Finds moodycamel::ConcurrentQueue, which Debian installs without a CMake package.
# Gives concurrentqueue_INCLUDE_DIR, the folder that holds concurrentqueue/concurrentqueue.h.
find_path(concurrentqueue_INCLUDE_DIR concurrentqueue/concurrentqueue.h)
mark_as_advanced(concurrentqueue_INCLUDE_DIR)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  concurrentqueue REQUIRED_VARS concurrentqueue_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "Debian package: libconcurrentqueue-dev")
