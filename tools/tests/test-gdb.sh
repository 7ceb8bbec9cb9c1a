#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The worked example of Documentation/debugging.rst, typed by a script: gdb attaches to
# the guest's kernel, finds the driver's symbols, and stops it in the middle of a call.
#
# Tests are called by name.
# shellcheck disable=SC2317,SC2154,SC2015
set -u
. "$(dirname "$0")/tap.sh"

doc=$top/Documentation/debugging.rst
out=$work/out
seen=$work/gdb
mkfifo "$work/go"

# typed MARK: the literal block behind the comment.
typed() {
	awk -v mark=".. $1" '$0 == mark { on = 1; next }
		on && /^    / { print substr($0, 5); began = 1; next }
		on && began && NF { exit }' "$doc"
}

guest_prints_the_line() {
	for _ in $(seq 4000); do
		grep -q '^add-symbol-file npu.ko 0x.* -s .bss 0x' "$out" && return 0
		kill -0 "$vm" 2>/dev/null || break
		sleep 0.1
	done
	cat "$out" "$work/err"
	return 1
}

# The command that gets the guest to go on stands before the one that waits for it.
gdb_commands() {
	echo "set confirm off"
	echo "target remote $work/socket"
	cat "$out"
	typed "in gdb" | sed -e '/^add-symbol-file/d' -e "/^continue/ishell echo >$work/go"
	printf 'backtrace\nprint *args\ndetach\n'
}

gdb_stops_there() {
	gdb_commands >"$work/commands"
	(cd "$top" && timeout 400 gdb -nx -batch -x "$work/commands") >"$seen" 2>&1
	grep -q 'hit Breakpoint 1, npu_job_add (' "$seen" || { cat "$seen"; return 1; }
}

# shown REGEX...
shown() {
	for _regex; do
		grep -qE "$_regex" "$seen" || { echo "no $_regex"; cat "$seen"; return 1; }
	done
}

guest_goes_on() {
	wait "$vm" && grep -q ' correct on ' "$out" || { cat "$out" "$work/err"; return 1; }
}

socket_is_gone() {
	[ ! -e "$work/socket" ]
}

timeout -k 5 600 "$top/tools/npu-vm" "--gdb=$work/socket" --card npu-x6000,hbm=1G -- sh -c "
$(typed 'in the guest')
read go
npu-run digits" <"$work/go" >"$out" 2>"$work/err" &
vm=$!
# Held open, so that the guest does not see an end.
exec 3>"$work/go"

check "the guest knows where the driver is" guest_prints_the_line
check "gdb stops the driver in a SUBMIT" gdb_stops_there
check "a backtrace has functions and lines" shown \
	'^#0 +npu_job_add .* at .*/driver/npu_job\.c:[0-9]+' \
	'^#[1-9] .*npu_ioctl_submit .* at .*/driver/npu_submit\.c:[0-9]+'
check "gdb knows the driver's types" shown 'queue_id = [0-9]+, flags = 0, program = [0-9]+'
check "the guest goes on after a detach" guest_goes_on
check "nothing is left behind" socket_is_gone
exec 3>&-
tap_end
