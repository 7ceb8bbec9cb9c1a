#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# test-run.sh: does `run` tell the truth?  It merges the output of programs that are
# played here, under a kernel's log that is played, too.  TAP on stdout.
#
# Checks are called by name.
# shellcheck disable=SC2317
set -u

runner=$(cd "$(dirname "$0")" && pwd)/run
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/bin" "$dir/tests.d"
cp "$runner" "$dir/tests.d/run"
: >"$dir/log"
printf '#!/bin/sh\ncat "%s"\n' "$dir/log" >"$dir/bin/dmesg"
printf '#!/bin/sh\necho "{ how it is }"\n' >"$dir/bin/npuctl"
chmod +x "$dir/bin/dmesg" "$dir/bin/npuctl"
PATH=$dir/bin:$PATH
export PATH

count=0
failed=0

# program NAME, its body on stdin
program() {
	{ echo '#!/bin/sh'; cat; } >"$dir/tests.d/$1"
	chmod +x "$dir/tests.d/$1"
	echo "$1" >>"$dir/tests.d/tests"
}

# run_it STATUS NAME...: into $dir/out, with this exit status
run_it() {
	want=$1
	shift
	sh "$dir/tests.d/run" "$@" >"$dir/out" 2>&1
	[ $? -eq "$want" ]
}

has() {
	grep -qxF -- "$1" "$dir/out"
}

# check "what it is" COMMAND...
check() {
	what=$1
	shift
	count=$((count + 1))
	if "$@"; then
		echo "ok $count $what"
	else
		failed=1
		sed 's/^/# /' "$dir/out"
		echo "not ok $count $what"
	fi
}

program good <<'END'
echo 'TAP version 13'
echo '1..2'
echo '#  RUN           thing.one ...'
echo 'ok 1 thing.one'
echo 'ok 2 thing.two # SKIP no reason'
END
program bad <<'END'
echo '1..1'
echo '# bad.c:1: expected this, seen that' >&2
echo 'not ok 1 global.three'
exit 1
END
program short <<'END'
echo '1..3'
echo 'ok 1 global.first'
kill -9 $$
END
program silent </dev/null
program noisy <<END
echo '1..1'
echo 'ok 1 global.quiet'
echo '[    1.0] npu 0000:01:00.0: nothing to see' >>"$dir/log"
END
program warns <<END
echo '1..1'
echo 'ok 1 global.fine'
echo '[    2.0] WARNING: CPU: 0 PID: 1 at npu_bo.c:1' >>"$dir/log"
END
program cases <<'END'
[ "$1" = -t ] && [ "$2" = chosen ] && echo '1..1' && echo 'ok 1 global.chosen'
[ "$2" = none ] && echo '1..0'
exit 0
END

good_passes() {
	run_it 0 good && has 'ok 1 good.one' && has 'ok 2 good.two # SKIP no reason' &&
		has 'ok 3 good.kernel_log' && has '1..3'
}

bad_fails() {
	run_it 1 bad && has 'not ok 1 bad.three' &&
		has '# bad.c:1: expected this, seen that'
}

numbers_go_on() {
	run_it 1 good bad && has 'not ok 4 bad.three' && has '1..5' &&
		[ "$(grep -c '^TAP version' "$dir/out")" -eq 1 ]
}

crash_fails() {
	run_it 1 short && has 'ok 1 short.first' &&
		grep -q '^not ok 2 short # ended with status 137 after 1 ' "$dir/out"
}

silence_fails() {
	run_it 1 silent && grep -q '^not ok 1 silent # ended with status 0' "$dir/out"
}

words_are_no_complaint() {
	run_it 0 noisy && has 'ok 2 noisy.kernel_log'
}

warning_fails() {
	run_it 1 warns good && has 'not ok 2 warns.kernel_log' &&
		has 'ok 5 good.kernel_log' &&
		has '# [    2.0] WARNING: CPU: 0 PID: 1 at npu_bo.c:1'
}

# What was in the log before is not this program's.
old_warning_is_forgiven() {
	run_it 0 good && has 'ok 3 good.kernel_log'
}

case_is_chosen() {
	run_it 0 cases.chosen && has 'ok 1 cases.chosen'
}

# Into files as well as into the stream.
failure_leaves_the_state() {
	run_it 1 -o "$dir/state" bad && has '# { how it is }' &&
		grep -qx '{ how it is }' "$dir/state/bad/status.json"
}

warning_leaves_the_log() {
	echo '[    1.5] other news' >>"$dir/log"
	run_it 1 -o "$dir/state" warns && grep -q WARNING "$dir/state/warns/kernel.log"
}

success_leaves_nothing() {
	run_it 0 -o "$dir/state" good && [ ! -e "$dir/state/good" ] &&
		! has '# { how it is }'
}

# With a file that says nothing, and with one that says what was written to it.
unfreed_memory_fails() {
	NPU_KMEMLEAK=/dev/null run_it 0 good && has 'ok 4 memory.is_all_freed' || return
	: >"$dir/kmemleak"
	NPU_KMEMLEAK=$dir/kmemleak run_it 1 good && has 'not ok 4 memory.is_all_freed' &&
		has '# scan'
}

unknown_option_is_refused() {
	run_it 2 -x good && grep -q '^usage' "$dir/out"
}

unknown_case_fails() {
	run_it 1 cases.none && has 'not ok 1 cases.none # there is no such test'
}

unknown_program_is_refused() {
	run_it 2 nothing
}

everything_runs() {
	run_it 1 && has 'ok 1 good.one' && grep -q 'warns.fine$' "$dir/out"
}

echo 'TAP version 13'
check "a program that passes, passes" good_passes
check "a program that fails, fails" bad_fails
check "numbers go on from one program to the next" numbers_go_on
check "a program that dies fails" crash_fails
check "a program that says nothing fails" silence_fails
check "what the kernel says is no complaint" words_are_no_complaint
check "a warning of the kernel fails the program" warning_fails
check "an old warning is not held against the next" old_warning_is_forgiven
check "a failure leaves the state" failure_leaves_the_state
check "a warning leaves the log" warning_leaves_the_log
check "success leaves nothing" success_leaves_nothing
check "memory that was not freed fails" unfreed_memory_fails
check "an unknown option is refused" unknown_option_is_refused
check "one case can be chosen" case_is_chosen
check "a case that is not there fails" unknown_case_fails
check "a program that is not there is refused" unknown_program_is_refused
check "without a name everything runs" everything_runs
echo "1..$count"
exit $failed
