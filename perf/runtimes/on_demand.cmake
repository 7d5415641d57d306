# SPDX-License-Identifier: Apache-2.0
# on_demand.cmake: peers that nobody has to have. Their programs are not part of the default build: the target
# skein-perf-<peer> builds one, skein-perf-peers all whose Debian packages are there. `./dev perf run --peers …`
# builds what it is asked for. A peer without its packages has no target, and the harness names the packages.
#
# Cargo and go know themselves what is out of date, so their targets always run them. Both are told to stay
# offline, to use the build folder as their cache, and to ignore what the user has installed besides Debian's.

add_custom_target(skein-perf-peers)

function(skein_perf_on_demand peer)
  add_dependencies(skein-perf-peers skein-perf-${peer})
endfunction()

# -- Asio: libasio-dev
find_path(SKEIN_PERF_ASIO_INCLUDE asio/experimental/channel.hpp)
mark_as_advanced(SKEIN_PERF_ASIO_INCLUDE)
if(SKEIN_PERF_ASIO_INCLUDE)
  skein_perf_runtime(asio)
  # The last two: 1.22 finds out by itself that g++ has coroutines, but not that clang++ has.
  target_compile_definitions(skein-perf-asio PRIVATE ASIO_STANDALONE ASIO_NO_DEPRECATED ASIO_HAS_CO_AWAIT=1
                                                     ASIO_HAS_STD_COROUTINE=1)
  target_include_directories(skein-perf-asio SYSTEM PRIVATE ${SKEIN_PERF_ASIO_INCLUDE})
  set_target_properties(skein-perf-asio PROPERTIES EXCLUDE_FROM_ALL ON)
  skein_perf_on_demand(asio)
endif()

# -- libuv: libuv1-dev
find_path(SKEIN_PERF_UV_INCLUDE uv.h)
find_library(SKEIN_PERF_UV_LIBRARY uv)
mark_as_advanced(SKEIN_PERF_UV_INCLUDE SKEIN_PERF_UV_LIBRARY)
if(SKEIN_PERF_UV_INCLUDE AND SKEIN_PERF_UV_LIBRARY)
  skein_perf_runtime(libuv)
  target_include_directories(skein-perf-libuv SYSTEM PRIVATE ${SKEIN_PERF_UV_INCLUDE})
  target_link_libraries(skein-perf-libuv PRIVATE ${SKEIN_PERF_UV_LIBRARY})
  set_target_properties(skein-perf-libuv PROPERTIES EXCLUDE_FROM_ALL ON)
  skein_perf_on_demand(libuv)
endif()

# -- Tokio: librust-tokio-dev, cargo, and for queue44 librust-async-channel-dev. Debian's own tools, whatever stands
# first in PATH.
file(GLOB tokio_crates /usr/share/cargo/registry/tokio-1.*)
if(tokio_crates AND EXISTS /usr/bin/cargo AND EXISTS /usr/bin/rustc)
  list(GET tokio_crates 0 tokio_crate)
  string(REGEX REPLACE ".*/tokio-" "" tokio_version ${tokio_crate})
  set(tokio_folder ${CMAKE_CURRENT_BINARY_DIR}/tokio)
  set(tokio_async_channel "")  # lines of Cargo.toml
  set(tokio_features "")
  file(GLOB async_channel_crates /usr/share/cargo/registry/async-channel-1.*)
  if(async_channel_crates)
    set(tokio_async_channel "async-channel = { version = \"1\", optional = true }")
    set(tokio_features --features async-channel)
  endif()
  configure_file(runtimes/tokio.toml.in ${tokio_folder}/Cargo.toml @ONLY)
  file(CONFIGURE OUTPUT ${tokio_folder}/.cargo/config.toml CONTENT [=[
[source.crates-io]
replace-with = "debian"
[source.debian]
directory = "/usr/share/cargo/registry"
]=])
  set(tokio_flags "")
  if(SKEIN_NATIVE)
    set(tokio_flags "-C target-cpu=native")
  endif()
  add_custom_target(
    skein-perf-tokio
    COMMAND
      ${CMAKE_COMMAND} -E env --unset=RUSTC_WRAPPER --unset=RUSTUP_TOOLCHAIN RUSTC=/usr/bin/rustc
      "RUSTFLAGS=${tokio_flags}" CARGO_HOME=${tokio_folder}/home CARGO_TARGET_DIR=${tokio_folder}/target
      TOKIO_VERSION=${tokio_version} /usr/bin/cargo build --release --offline --quiet
      ${tokio_features}
    COMMAND ${CMAKE_COMMAND} -E copy_if_different ${tokio_folder}/target/release/skein-perf-tokio
            ${CMAKE_CURRENT_BINARY_DIR}
    WORKING_DIRECTORY ${tokio_folder}
    COMMENT "Building skein-perf-tokio (Tokio ${tokio_version})"
    VERBATIM)
  skein_perf_on_demand(tokio)
endif()

# -- Go: golang-go. It wants the files of a package in one folder.
if(EXISTS /usr/bin/go)
  set(go_folder ${CMAKE_CURRENT_BINARY_DIR}/go)
  file(GLOB go_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*/go.go)
  set(go_copies "")
  set(go_files "")
  foreach(source IN LISTS go_sources)
    string(REGEX REPLACE ".*/([^/]+)/go.go$" "\\1.go" file ${source})
    list(APPEND go_copies COMMAND ${CMAKE_COMMAND} -E copy_if_different ${source} ${go_folder}/${file})
    list(APPEND go_files ${file})
  endforeach()
  file(MAKE_DIRECTORY ${go_folder})
  add_custom_target(
    skein-perf-go
    ${go_copies}
    COMMAND ${CMAKE_COMMAND} -E env --unset=GOFLAGS --unset=GOROOT GOPROXY=off GOCACHE=${go_folder}/cache
            GOPATH=${go_folder}/path /usr/bin/go build -o ${CMAKE_CURRENT_BINARY_DIR}/skein-perf-go ${go_files}
    WORKING_DIRECTORY ${go_folder}
    COMMENT "Building skein-perf-go"
    VERBATIM)
  skein_perf_on_demand(go)
endif()
