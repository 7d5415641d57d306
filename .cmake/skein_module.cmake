# SPDX-License-Identifier: Apache-2.0
# skein_module: one static library for each module, with its public headers as a file set.

# Warnings and code generation that everything of ours is compiled with.
function(skein_compile_options target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_compile_options(
    ${target}
    PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast
            $<$<BOOL:${SKEIN_WERROR}>:-Werror> $<$<BOOL:${SKEIN_NATIVE}>:-march=native>)
  # Nobody replaces our functions when we are linked into a shared library, so they may be inlined: yield 11 %, spawn
  # 4 % fewer instructions. What clang does anyway.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -fno-semantic-interposition)
  endif()
  # g++ 12 warns of `"text" + std::string` where it inlines it, wrongly (its bug 105651, mended in 13).
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(${target} PRIVATE -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds)
  endif()
  if(SKEIN_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${SKEIN_SANITIZE} -fno-sanitize-recover=all
                                             -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -fsanitize=${SKEIN_SANITIZE})
  endif()
endfunction()

# skein_module(NAME [PUBLIC target…] [PRIVATE target…] [SYSTEM_PRIVATE folder…])
# Sources: src/*.cpp. Public headers: include/**/*.hpp.
function(skein_module name)
  cmake_parse_arguments(arg "" "" "PUBLIC;PRIVATE;SYSTEM_PRIVATE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/src/*.cpp)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/include/*.hpp)
  if(NOT sources)
    add_library(skein_${name} INTERFACE)
    add_library(skein::${name} ALIAS skein_${name})
    set_property(GLOBAL APPEND PROPERTY SKEIN_MODULES ${name})
    return()
  endif()
  add_library(skein_${name} STATIC ${sources})
  add_library(skein::${name} ALIAS skein_${name})
  target_sources(
    skein_${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${CMAKE_CURRENT_SOURCE_DIR}/include FILES ${headers})
  target_include_directories(skein_${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/src)
  target_include_directories(skein_${name} SYSTEM PRIVATE ${arg_SYSTEM_PRIVATE})
  target_link_libraries(skein_${name} PUBLIC ${arg_PUBLIC} PRIVATE ${arg_PRIVATE})
  # g++ 12 turns the calls of its coroutines into jumps only when it is told to.
  target_compile_options(skein_${name} PUBLIC $<$<CXX_COMPILER_ID:GNU>:-foptimize-sibling-calls>)
  set_target_properties(skein_${name} PROPERTIES EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON)
  skein_compile_options(skein_${name})
  set_property(GLOBAL APPEND PROPERTY SKEIN_MODULES ${name})
endfunction()
