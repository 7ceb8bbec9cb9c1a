# SPDX-License-Identifier: MIT
# Long steps, one line each: "[2/6] QEMU with the card: 312 s".  Sourced after lib.sh
# by scripts that set total= to the number of steps.

step_number=0
step_pid=
mkdir -p "$top/build/log"

run_make() {
	"${MAKE:-make}" -C "$top" --no-print-directory "$@"
}

seconds() {
	date +%s
}

# The last thing that a step said, in what is left of a line.
last_said() {
	tail -n 1 "$1" | tr '\r\t' '\n ' | tail -n 1 | cut -c "1-$2"
}

# On a terminal the line is rewritten; elsewhere there is a new one now and then.
show_progress() {
	_elapsed=$(($(seconds) - step_start))
	if [ -t 1 ]; then
		printf '\r\033[K%s: %s s  %s' "$1" "$_elapsed" "$(last_said "$2" 50)"
	elif [ "$_elapsed" -ge "$step_next" ]; then
		printf '%s ... %s s  %s\n' "$1" "$_elapsed" "$(last_said "$2" 60)"
		step_next=$((_elapsed + 30))
	fi
}

# What runs in the background does not hear the terminal's interrupt: end a process and
# all that it has started.
end_tree() {
	for _child in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do
		end_tree "$_child"
	done
	kill "$1" 2>/dev/null || :
}

stop_step() {
	[ -z "$step_pid" ] || end_tree "$step_pid"
	exit 130
}
trap stop_step INT TERM HUP

# step NAME TEXT COMMAND...: run the command with its output in build/log/NAME.log.
step() {
	_log=$top/build/log/$1.log
	step_number=$((step_number + 1))
	_title="[$step_number/$total] $2"
	shift 2
	step_start=$(seconds)
	step_next=30
	"$@" >"$_log" 2>&1 </dev/null &
	step_pid=$!
	while kill -0 "$step_pid" 2>/dev/null; do
		sleep 0.2
		show_progress "$_title" "$_log"
	done
	_status=0
	wait "$step_pid" || _status=$?
	step_pid=
	[ ! -t 1 ] || printf '\r\033[K'
	if [ "$_status" != 0 ]; then
		printf '%s: failed; the end of %s:\n' "$_title" "$_log"
		tail -n 20 "$_log"
		exit 1
	fi
	printf '%s: %s s\n' "$_title" "$(($(seconds) - step_start))"
}

# step_packages LISTS: the same for a step that may ask for a password.
step_packages() {
	step_number=$((step_number + 1))
	step_start=$(seconds)
	say "[$step_number/$total] packages"
	run_make deps DEPS="$1" || exit 1
}
