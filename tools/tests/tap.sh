# SPDX-License-Identifier: MIT
# TAP for shell tests.  Sourced; `work` is a directory that goes away at the end.

tests=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$tests/../.." && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
tap_count=0
tap_failed=0

# check NAME COMMAND...: one test; what it prints shows only if it fails.
check() {
	_name=$1
	shift
	tap_count=$((tap_count + 1))
	if "$@" >"$work/.out" 2>&1; then
		echo "ok $tap_count - $_name"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_count - $_name"
		sed 's/^/# /' "$work/.out" | tail -n 40
	fi
}

skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

tap_end() {
	echo "1..$tap_count"
	[ "$tap_failed" = 0 ]
	exit
}
