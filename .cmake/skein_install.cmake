# SPDX-License-Identifier: Apache-2.0
# skein_install: headers, libraries, the CMake package with its components, and pkg-config files.
include(CMakePackageConfigHelpers)

get_property(modules GLOBAL PROPERTY SKEIN_MODULES)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/skein)
foreach(module IN LISTS modules ITEMS skein)
  set(file_set "")
  if(NOT module STREQUAL skein)
    set(file_set FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  endif()
  install(
    TARGETS skein_${module}
    EXPORT skein-${module}
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
    ${file_set})
  install(EXPORT skein-${module} NAMESPACE skein:: FILE skein-${module}-targets.cmake DESTINATION ${package_dir})
endforeach()

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/skein-config.cmake.in
                              ${PROJECT_BINARY_DIR}/skein-config.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/skein-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/skein-config.cmake ${PROJECT_BINARY_DIR}/skein-config-version.cmake
        DESTINATION ${package_dir})

# The prefix as seen from the folder of the .pc files, so that an installation can be moved.
file(RELATIVE_PATH PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)

# skein_pkgconfig(NAME LIBS REQUIRES): what a build without CMake needs.
function(skein_pkgconfig name libs requires)
  set(PC_NAME ${name})
  string(REGEX MATCH "skein_[a-z]+" library "${libs}")
  if(library)
    get_target_property(type ${library} TYPE)
    if(type STREQUAL INTERFACE_LIBRARY)
      set(libs "")
    endif()
  endif()
  set(PC_LIBS "${libs}")
  set(PC_REQUIRES "${requires}")
  configure_file(${CMAKE_CURRENT_FUNCTION_LIST_DIR}/skein.pc.in ${PROJECT_BINARY_DIR}/${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()
set(backtrace "")
if(SKEIN_HAS_LIBBACKTRACE)
  set(backtrace " -lbacktrace")
endif()
skein_pkgconfig(skein-core "-L\${libdir} -lskein_core -pthread${backtrace}" "fmt tbb")
skein_pkgconfig(skein-sync "-L\${libdir} -lskein_sync" "skein-core")
skein_pkgconfig(skein-io "-L\${libdir} -lskein_io" "skein-core")
skein_pkgconfig(skein "" "skein-sync skein-io skein-core")
