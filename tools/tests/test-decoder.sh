#!/bin/sh
# SPDX-License-Identifier: MIT
#
# npu-bench decoder in a VM with a card: decoder/guest.sh.
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
log=$top/build/check/decoder.kernel.log
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

mkdir -p "${log%/*}"
cp "$here/decoder/guest.sh" "$dir"
"$top/tools/npu-vm" --card npu-x6000,hbm=1G --timeout 600 --log "$log" \
	--share "$dir" -- sh /mnt/share/guest.sh </dev/null
