#!/bin/sh
# SPDX-License-Identifier: MIT
#
# npu-run on a card.  Runs in a VM with one npu-x6000; TAP on stdout.  Beside this
# script lie poke, onnx-tests.list and data.tar, the part of ONNX's test data it names.
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d) || exit 1
failed=0
n=0

result() { # status of the check, name
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - npu-run on a card: $2"
	else
		echo "not ok $n - npu-run on a card: $2"
		tail -n 20 "$dir/out" "$dir/err" | sed 's/^/# /'
		failed=1
	fi
}

run() { # arguments; leaves $dir/out, $dir/err and $status
	npu-run "$@" >"$dir/out" 2>"$dir/err" </dev/null
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

# The two lines in which a run of digits ends.
last_lines() { # dies
	tail -n 2 "$dir/out" | head -n 1 | grep -qE "^digits: 35[0-9]/360 correct on npu0 \($1\), largest difference from the reference [0-9]\.[0-9]e-0[5-9]\$" &&
		tail -n 1 "$dir/out" |
		grep -qE '^time: host [0-9.]+ ms, device [0-9.]+ ms$'
}

# ---- Digits

exits 0 "digits are right" digits
last_lines "8 dies"
result $? "the last two lines have their form"
for die in 0 7; do
	exits 0 "digits on die $die alone" --dies=$((1 << die)) digits
	last_lines "1 die"
	result $? "the last two lines name one die ($die)"
done
exits 0 "digits on dies 1, 2 and 5" --dies=0x26 digits
for batch in 1 50 360; do
	exits 0 "digits in batches of $batch" --batch=$batch digits
done
exits 0 "digits ten times" --repeat=10 digits
exits 0 "the first card by its path" --device=/dev/accel/accel0 digits
exits 2 "a die that is not there" --dies=0x100 digits
exits 3 "a card that is not there" --device=npu9 digits

# Device time is the silicon's: the same in every run, and longer on one die.
device_ms() { # arguments
	npu-run --json "$@" digits | sed 's/.*"device_ms": \([0-9.]*\).*/\1/'
}
first=$(device_ms)
same "${first:-none}" "$(device_ms)"
result $? "device time is the same in every run ($first ms)"
one=$(device_ms --dies=1)
awk "BEGIN { exit !($one > $first) }"
result $? "device time on one die is longer ($one ms)"

# ---- A run is seen from outside

npu-run --repeat=100000 digits >/dev/null 2>&1 &
pid=$!
sleep 1
npuctl status --json >"$dir/out" 2>"$dir/err"
tr -d ' \n\t' <"$dir/out" | grep -q "\"pid\":$pid,\"name\":\"npu-run\""
result $? "npuctl shows the run's process"
tr -d ' \n\t' <"$dir/out" | grep -qE '"busy_percent":(0\.[0-9]*[1-9]|[1-9])'
result $? "npuctl shows that dies are busy"
kill $pid
wait $pid 2>/dev/null
exits 0 "digits are right after a run that was killed" digits

# ---- A weight that is wrong in the card's memory

# held_run VALUE: overwrite the first weight once it is in HBM; leaves $status.
held_run() {
	rm -f "$dir/line"
	mkfifo "$dir/line"
	npu-run --hold digits <"$dir/line" >"$dir/out" 2>"$dir/err" &
	pid=$!
	exec 3>"$dir/line"
	for _ in $(seq 100); do
		offset=$(sed -n 's/.*HBM offset \(0x[0-9a-f]*\),.*/\1/p' "$dir/err")
		[ -z "$offset" ] || break
		sleep 0.1
	done
	[ -z "$1" ] || "$here/poke" /sys/class/accel/accel0/device/resource2 \
		"$offset" "$1" 2>>"$dir/err"
	poked=$?
	echo >&3
	exec 3>&-
	wait $pid
	status=$?
}

held_run ""
[ $status -eq 0 ]
result $? "digits are right with the weights held and left alone"
held_run 1e3
[ $poked -eq 0 ] && [ $status -eq 1 ]
result $? "one corrupted weight in the card's memory fails the same run"
grep -q "differ from the reference" "$dir/err"
result $? "and it says what differs"
exits 0 "the next run has good weights again" digits

# ---- ONNX's tests

# passed_models: the names in npu-run's JSON, a line a model, of those that are right.
passed_models() {
	sed -n 's/.*"model": "\([^"]*\)".*"passed": true.*/\1/p' "$dir/out"
}

# In memory: each of two thousand files costs far more to open in the shared directory.
if [ -e "$here/data.tar" ]; then
	mkdir "$dir/data"
	tar -C "$dir/data" -xf "$here/data.tar"
	tests=$(grep -v '^#' "$here/onnx-tests.list")
	# shellcheck disable=SC2086
	(cd "$dir/data" && exec npu-run --json --relative=1e-3 --tolerance=1e-5 \
		$tests) >"$dir/out" 2>"$dir/err" </dev/null
	right=" $(passed_models | tr '\n' ' ')"
	for test in $tests; do
		case $right in
		*" ${test##*/} "*) result 0 "ONNX $test" ;;
		*) result 1 "ONNX $test" ;;
		esac
	done
else
	n=$((n + 1))
	echo "ok $n - npu-run on a card: ONNX's tests # SKIP no libonnx-testdata"
fi

echo "1..$n"
exit $failed
