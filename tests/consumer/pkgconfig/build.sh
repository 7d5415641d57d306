#!/bin/sh
# A project without CMake: pkg-config. Usage: build.sh COMPILER PREFIX SOURCE OUTPUT [FLAG…]
set -eu
compiler=$1 prefix=$2 source=$3 output=$4
shift 4
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name skein.pc)")
export PKG_CONFIG_PATH
# shellcheck disable=SC2046
"$compiler" "$@" "$source" $(pkg-config --cflags --libs --static skein) -o "$output"
"$output"
