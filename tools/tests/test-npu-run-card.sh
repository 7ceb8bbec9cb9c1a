#!/bin/sh
# SPDX-License-Identifier: MIT
#
# npu-run in a VM with a card: run/guest.sh, with what it needs in a shared directory.
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
programs=${OUT:-$top/build/tools}/run-test
data=${ONNX_TESTDATA:-/usr/share/libonnx-testdata/data}
log=$top/build/check/npu-run-card.kernel.log
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

make -s -C "$top/tools" "$programs/poke" >&2 || { echo "Bail out! no poke"; exit 1; }
mkdir -p "${log%/*}"
cp "$here/run/guest.sh" "$here/run/onnx-tests.list" "$programs/poke" "$dir"
if [ -d "$data" ]; then
	grep -v '^#' "$here/run/onnx-tests.list" | tar -C "$data" -cf "$dir/data.tar" -T -
fi
"$top/tools/npu-vm" --card npu-x6000,hbm=1G --timeout 800 --log "$log" \
	--share "$dir" -- sh /mnt/share/guest.sh </dev/null
