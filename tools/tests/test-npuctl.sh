#!/bin/sh
# SPDX-License-Identifier: MIT
#
# npuctl on a machine without a card: usage, help, exit codes, and its parts.
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
npuctl=$top/tools/npuctl
units=${OUT:-$top/build/tools}/ctl-test/test-ctl
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
n=0

result() { # status of the check, name
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - npuctl: $2"
	else
		echo "not ok $n - npuctl: $2"
		sed 's/^/# /' "$dir/out" "$dir/err"
		failed=1
	fi
}

run() { # arguments; leaves $dir/out, $dir/err and $status
	"$npuctl" "$@" > "$dir/out" 2> "$dir/err"
	status=$?
}

exits() { # wanted status, name, arguments...
	wanted=$1
	name=$2
	shift 2
	run "$@"
	[ $status -eq "$wanted" ]
	result $? "$name"
}

same() {
	[ "$1" = "$2" ]
}

skip() { # name, reason
	n=$((n + 1))
	echo "ok $n - npuctl: $1 # SKIP $2"
}

# A help fits a screen, in both directions, and is no error.
fits() {
	[ "$(wc -l < "$dir/out")" -le 24 ] && ! grep -q '.\{81\}' "$dir/out" &&
		grep -q '^Example' "$dir/out" && [ ! -s "$dir/err" ]
}

for command in "" list status; do
	exits 0 "${command:+$command }--help exits 0" $command --help
	fits
	result $? "${command:+$command }--help fits a screen and has an example"
done
exits 0 "--version exits 0" --version
grep -q 'npuctl [0-9.]*, JSON schema 1' "$dir/out"
result $? "--version tells the version and the schema"

exits 2 "no command exits 2"
[ ! -s "$dir/out" ] && grep -q 'npuctl --help' "$dir/err"
result $? "no command says what to type"
exits 2 "an unknown command exits 2" frobnicate
grep -q frobnicate "$dir/err"
result $? "an unknown command is named"
exits 2 "an unknown option exits 2" status --frobnicate
grep -q 'npuctl status --help' "$dir/err"
result $? "an unknown option says what to type"
for bad in x 1x -1 60001 99999999999999999999 ''; do
	exits 2 "an interval of '$bad' exits 2" status --interval "$bad"
done
exits 2 "a missing interval exits 2" status --interval

if [ -n "$(ls /sys/class/accel 2>/dev/null)" ]; then
	skip "no card" "there is an accel device"
else
	for command in list status; do
		exits 3 "$command without a card exits 3" $command
		[ ! -s "$dir/out" ] && grep -q 'no card.*type: ' "$dir/err"
		result $? "$command without a card says what to type"
		exits 3 "$command --json without a card exits 3" $command --json
		same "$(tr -d ' \t\n' < "$dir/out")" '{"schema":1,"cards":[]}'
		result $? "$command --json without a card is JSON"
	done
fi

if [ -w /dev/full ]; then
	"$npuctl" list --json > /dev/full 2> "$dir/err"
	same $? 2
	result $? "a full disk is told"
fi

if [ "$(command -v man)" ]; then
	man --warnings -l "$top/Documentation/man/npuctl.1" > "$dir/out" 2> "$dir/err"
	[ ! -s "$dir/err" ] && grep -q 'EXIT STATUS' "$dir/out"
	result $? "the manual page has no warnings"
fi

echo "1..$n"

sh "$top/qemu-device/tests/run-tap" "$units" || failed=1
exit $failed
