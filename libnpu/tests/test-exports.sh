#!/bin/sh
# SPDX-License-Identifier: MIT
# What the library exports, needs and is called.  LIBNPU: where it was built.
here=$(cd "$(dirname "$0")/.." && pwd)
lib=$LIBNPU/libnpu.so.0
n=0

check() { # name, wanted, got
	n=$((n + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		printf 'wanted: %s\ngot: %s\n' "$2" "$3" | sed 's/^/# /'
	fi
}

names() { tr -s '[:space:]' '\n' | grep '^npu_' | sort -u; }

exported=$(nm -D --defined-only "$lib" | awk '$2 == "T" { print $3 }' |
	sed 's/@.*//' | sort -u)
everything=$(nm -D --defined-only "$lib" | awk '$2 != "A" { print $3 }' |
	sed 's/@.*//' | sort -u)
mapped=$(tr ';' ' ' < "$here/libnpu.map" | names)
declared=$(grep -o 'npu_[a-z0-9_]*(' "$here/npu.h" | tr '(' ' ' | names)

echo 1..5
check "exports exactly what the map names" "$mapped" "$exported"
check "exports exactly what the header declares" "$declared" "$exported"
check "exports functions only" "$exported" "$everything"
check "has its soname" libnpu.so.0 \
	"$(readelf -d "$lib" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')"
check "needs libdrm and the C library only" "libc.so.6 libdrm.so.2 libm.so.6" \
	"$(readelf -d "$lib" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' |
		grep -v '^ld-linux' | sort | tr '\n' ' ' | sed 's/ $//')"
