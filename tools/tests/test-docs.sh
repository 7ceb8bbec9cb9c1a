#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The manuals: they build, and what they say of programs and headers is so.
. "$(dirname "$0")/tap.sh"

check "the manuals build without a warning" "$top/scripts/docs"

tap_end
