#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The contracts of uapi/ compile alone, in any order and twice, as C and as C++, for
# 64 and for 32 bits, and without a hole; their assertions hold sizes and offsets
# still.  libnpu's header is C++-clean too.
#
# Tests are called by name.
# shellcheck disable=SC2317,SC2154,SC2086
set -u
. "$(dirname "$0")/tap.sh"

headers="npu/isa.h npu/regs.h drm/npu_accel.h"
# As system headers, since what is said of them is not ours to mend.
system=$(pkg-config --cflags libdrm | sed 's/-I/-isystem /g')
arch=/usr/include/$(${CC:-gcc} -print-multiarch)
warn="-Wall -Wextra -Werror -pedantic"

# compile LANGUAGE FLAGS HEADER...: a file that includes them and nothing else.
compile() {
	language=$1
	flags=$2
	shift 2
	for header; do
		echo "#include <$header>"
	done >"$work/unit"
	echo 'int unit;' >>"$work/unit"
	${CC:-gcc} -x "$language" -fsyntax-only $flags -I"$top/uapi" -I"$top/libnpu" $system \
		"$work/unit"
}

for header in $headers; do
	check "$header: C11" compile c "-std=c11 $warn -Wpadded" "$header"
	check "$header: gnu11" compile c "-std=gnu11 $warn -Wpadded" "$header"
	check "$header: C++11" compile c++ "-std=c++11 $warn -Wpadded" "$header"
	check "$header: C++20" compile c++ "-std=c++20 $warn -Wpadded" "$header"
	check "$header: 32 bits" compile c "-m32 -isystem $arch -std=gnu11 $warn -Wpadded" "$header"
	check "$header: twice" compile c "-std=c11 $warn" "$header" "$header"
done
check "npu.h: C11" compile c "-std=c11 $warn" npu.h
check "npu.h: C++11" compile c++ "-std=c++11 $warn" npu.h
check "npu.h: C++20" compile c++ "-std=c++20 $warn" npu.h
check "npu.h: twice" compile c "-std=c11 $warn" npu.h npu.h
check "all, in order" compile c "-std=c11 $warn" $headers npu.h
check "all, the other way round" compile c "-std=c11 $warn" npu.h drm/npu_accel.h \
	npu/regs.h npu/isa.h
tap_end
