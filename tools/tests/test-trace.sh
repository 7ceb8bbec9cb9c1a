#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Trace events: Documentation/tracing.rst lists those that driver and card have, and a
# VM with a few jobs and a fault shows the card's.
#
# Tests are called by name.
# shellcheck disable=SC2317,SC2154,SC2015
set -u
. "$(dirname "$0")/tap.sh"

doc=$top/Documentation/tracing.rst
events=$top/qemu-device/trace-events

# documented MARK: the names in the table behind the comment.
documented() {
	awk -v mark=".. $1" '$0 == mark { on = 1 } on && /^$/ && ended { exit }
		on && /^``npu_/ { gsub("`", "", $1); print $1; ended = 1 }' "$doc" | sort
}

device_events() {
	sed -n 's/^\(npu_[a-z_]*\)(.*/\1/p' "$events" | sort
}

driver_events() {
	sed -n 's/^\(TRACE_EVENT\|DEFINE_EVENT(npu_job, \)(*\(npu_[a-z_]*\),.*/\2/p' \
		"$top/driver/npu_trace.h" | sort
}

driver_is_documented() {
	driver_events >"$work/code"
	documented "driver's events" >"$work/doc"
	[ -s "$work/doc" ] && diff "$work/code" "$work/doc"
}

device_is_documented() {
	device_events >"$work/code"
	documented "device's events" >"$work/doc"
	[ -s "$work/doc" ] && diff "$work/code" "$work/doc"
}

# What only a hot unplug and a die's reset show, of which qtest has tests.
not_seen_here="npu_unrealize_card npu_reset_die"

card_tells_what_it_does() {
	timeout -k 5 800 "$top/tools/npu-vm" --card npu-x6000,hbm=256M \
		--qemu-arg -trace --qemu-arg 'npu_*' --qemu-arg -D \
		--qemu-arg "$work/log" -- /run/npu/selftests/run npu_trace >"$work/vm" 2>&1 ||
		{ cat "$work/vm"; return 1; }
	device_events | while read -r _event; do
		grep -q "^$_event npu-x6000" "$work/log" && continue
		case " $not_seen_here " in
		*" $_event "*) ;;
		*) echo "$_event is not in the log" ;;
		esac
	done >"$work/missing"
	cat "$work/missing"
	[ ! -s "$work/missing" ]
}

check "the driver's events are those of the documentation" driver_is_documented
check "the card's events are those of the documentation" device_is_documented
check "the card tells what it does" card_tells_what_it_does
tap_end
