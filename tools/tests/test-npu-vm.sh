#!/bin/sh
# SPDX-License-Identifier: MIT
#
# npu-vm, with real VMs: about thirty boots of three seconds.  Words in the names of
# functions say what must hold; every check fails if npu-vm does nothing.  What one VM
# can show is looked at in one.
#
# Tests are called by name, formats of printf are arguments.
# shellcheck disable=SC2317,SC2059,SC2015,SC2086,SC2016,SC2154,SC1003
set -u
. "$(dirname "$0")/tap.sh"

npu_vm=$top/tools/npu-vm
out=$work/out
err=$work/err

# vm ARGUMENT...: run npu-vm; its output is then in $out and $err, its status in $rc.
vm() {
	timeout -k 5 120 "$npu_vm" "$@" >"$out" 2>"$err" </dev/null
	rc=$?
	drop_note
}

# On a machine with KVM for others, each run says so; that is not what is tested.
drop_note() {
	sed -i '/no permission for .dev.kvm/d' "$err"
}

# With a card that is quick to make, for tests that look at something else.
small="--card npu-x6000,hbm=1G"

status_is() {
	[ "$rc" = "$1" ] || { echo "status $rc, not $1"; cat "$out" "$err"; return 1; }
}

out_is() {
	printf "$1" | cmp - "$out" || { echo "stdout:"; cat "$out"; return 1; }
}

# One line of its own on stderr that has the word.
complains() {
	status_is 125 && [ ! -s "$out" ] && [ "$(wc -l <"$err")" = 1 ] &&
		grep -q "^npu-vm: .*$1" "$err" || { echo "stderr:"; cat "$err"; return 1; }
}

# ---- Options ---------------------------------------------------------------

help_fits_a_screen() {
	vm --help
	status_is 0 && [ "$(wc -l <"$out")" -le 42 ] &&
		[ "$(awk '{ if (length > m) m = length } END { print m }' "$out")" -le 80 ] &&
		grep -q '^Examples:' "$out"
}

version() {
	vm --version
	status_is 0 && grep -q '^npu-vm [0-9]' "$out"
}

every_option_is_in_the_help() {
	vm --help
	for option in card cards mem kernel root rw share qmp gdb timeout module print; do
		grep -q -e "--$option" "$out" || { echo "$option"; return 1; }
	done
}

unknown_option() {
	vm --frobnicate
	status_is 125 && grep -q 'npu-vm --help' "$err"
}

bad_number() {
	vm --cards many -- true && complains "number" &&
		vm --cards 99 -- true && complains "0 to 24"
}

bad_size() {
	vm --mem plenty -- true
	complains "such as 4G"
}

more_cards_than_count() {
	vm --cards 1 --card npu-x6000 --card npu-dv100p -- true
	complains "given 2 times"
}

# ---- What is missing -------------------------------------------------------

no_qemu() {
	NPU_QEMU=$work/nothing vm -- true
	complains "type: make qemu"
}

no_kernel() {
	NPU_KERNEL=$work/nothing vm -- true
	complains "type: make kernel"
}

no_driver() {
	NPU_MODULE=$work/nothing vm -- true
	complains "type: make modules"
}

driver_for_another_kernel() {
	sed 's/vermagic=[0-9]*\./vermagic=9./' "$top/npu.ko" >"$work/other.ko"
	NPU_MODULE=$work/other.ko vm -- true
	complains "make modules KDIR="
}

no_such_root() {
	vm --root "$work/nothing" -- true
	complains "No such file"
}

root_without_programs() {
	mkdir -p "$work/empty"
	vm --root "$work/empty" -- true
	complains "no root directory"
}

no_such_share() {
	vm --share "$work/nothing" -- true
	complains "No such file"
}

share_is_a_file() {
	vm --share "$0" -- true
	complains "not a directory"
}

no_such_kernel_file() {
	vm --kernel "$work/nothing" -- true
	complains "No such file"
}

kernel_file_is_none() {
	vm --kernel "$0" -- true
	complains "neither a bzImage nor a vmlinux"
}

too_much_memory() {
	vm --mem 100T -- true
	complains "smaller --mem"
}

bad_card_type() {
	vm --card npu-z80 -- true
	complains "npu-z80"
}

bad_card_property() {
	vm --card npu-x6000,frobs=3 -- true
	complains "frobs"
}

bad_card_value() {
	vm --card npu-x6000,dies=77 -- true
	complains "dies"
}

bad_hbm() {
	vm --card npu-x6000,hbm=lots -- true
	complains "such as 16G"
}

# ---- A command -------------------------------------------------------------

# One VM for two checks.
talk() {
	echo hi | timeout 120 "$npu_vm" $small -- \
		sh -c 'cat; echo two >&2; echo three; exit 7' >"$out" 2>"$err"
	rc=$?
	drop_note
}

streams_apart() {
	out_is 'hi\nthree\n' && [ "$(cat "$err")" = two ]
}

binary_input() {
	head -c 10485760 /dev/urandom >"$work/random"
	timeout 120 "$npu_vm" $small -- cat <"$work/random" >"$out" 2>"$err"
	rc=$?
	status_is 0 && cmp "$work/random" "$out"
}

unread_input() {
	head -c 10485760 /dev/zero | timeout 120 "$npu_vm" $small -- true >"$out" 2>"$err"
	rc=$?
	status_is 0
}

closed_input() {
	timeout 120 "$npu_vm" $small -- cat >"$out" 2>"$err" <&-
	rc=$?
	status_is 0 && out_is ''
}

arguments_unchanged() {
	vm $small -- sh -c 'for a; do printf "<%s>" "$a"; done' sh 'a b' '' '"q"' "it's" \
		'$HOME' '\' 'ä' '-x' '
'
	status_is 0 && out_is "<a b><><\"q\"><it's><\$HOME><\\\\><ä><-x><\n>"
}

not_found() {
	vm $small -- no-such-command
	status_is 127 && grep -q no-such-command "$err"
}

not_executable() {
	vm $small -- /etc/passwd
	status_is 126
}

by_signal() {
	vm $small -- sh -c 'kill -9 $$'
	status_is 137
}

does_not_wait_for_daemons() {
	vm --timeout 60 $small -- sh -c 'sleep 1000 & echo started'
	status_is 0 && out_is 'started\n'
}

shell_from_a_pipe() {
	printf 'echo from $0\nexit 4\n' | timeout 120 "$npu_vm" $small >"$out" 2>"$err"
	rc=$?
	status_is 4 && out_is 'from sh\n'
}

# script(1) gives npu-vm a terminal; what is typed waits for the prompt.
shell_on_a_terminal() {
	mkfifo "$work/typed"
	: >"$work/typescript"
	timeout 120 script -qefc "stty rows 33 cols 99; $npu_vm $small" "$work/typescript" \
		<"$work/typed" >"$out" 2>"$err" &
	_script=$!
	exec 3>"$work/typed"
	for _ in $(seq 1000); do
		grep -q '#' "$work/typescript" && break
		sleep 0.1
	done
	printf 'tty; stty size; exit 5\r' >&3
	wait $_script
	rc=$?
	exec 3>&-
	status_is 5 && grep -q '/dev/pts/0' "$out" && grep -q '33 99' "$out"
}

# ---- Around the command -----------------------------------------------------

# One VM with many options, with a comma in the directory's name; each thing that is
# looked at in it leaves a file.
inside=$work/a,b\ c
look_around() {
	mkdir -p "$inside"
	echo data >"$inside/data"
	cp /bin/busybox "$inside/busybox"
	vm $small --mem 700M --module nvme --log "$work/log" --share "$inside" \
		--qemu-arg -device --qemu-arg pcie-root-port,id=extra,chassis=99 -- sh -c '
			pwd >/mnt/share/place
			cd /mnt/share || exit
			{ id -u; command -v npuctl; command -v npu-run; } >>place
			{ grep -c "^npu " /proc/modules; ls /dev/accel; } >driver
			awk "/MemTotal/ { print (\$2 > 500000 && \$2 < 720000) }" \
				/proc/meminfo >memory
			cat data >read
			./busybox echo ran >program
			cat /sys/bus/pci/devices/*/class | grep -c 0x0604 >ports
			grep -c "^nvme " /proc/modules >nvme
			modprobe -r npu && ! grep "^npu " /proc/modules &&
				modprobe npu && ls /dev/accel >reloaded'
	status_is 0
}

# there FILE LINES: what was seen.
there() {
	printf "$2" | cmp - "$inside/$1" || { cat "$inside/$1"; return 1; }
}

log_file() {
	grep -q 'Linux version' "$work/log" && grep -q 'Power down' "$work/log"
}

# ---- Cards -----------------------------------------------------------------

sixteen_cards_with_all_their_memory() {
	vm --cards 16 -- sh -c 'ls /dev/accel | wc -l; cat /sys/class/accel/*/device/resource |
		awk "NR % 17 == 3"'
	status_is 0 && [ "$(head -n 1 "$out")" = 16 ]
}

cards_of_different_types() {
	vm --cards 3 --card npu-x6000,hbm=1G --card npu-dv300d,hbm=2G \
		--card npu-dv200d,dies=4,hbm=2G -- npuctl status --json
	status_is 0 && grep -q '"schema' "$out" && grep -q '"dies"' "$out" &&
		[ "$(tr , '\n' <"$out" | grep -c '"pci"')" = 3 ] &&
		for _card in X6000 DV300D DV200D; do
			grep -q "$_card" "$out" || { cat "$out"; return 1; }
		done
}

no_card() {
	vm --cards 0 -- npuctl list
	status_is 3
}

# What the card may no longer reach is unreachable at once: DMA, not DMA-FQ.
behind_an_iommu() {
	vm --iommu $small -- sh -c 'ls /sys/class/iommu && npuctl list &&
		cat /sys/bus/pci/devices/0000:01:00.0/iommu_group/type'
	status_is 0 && grep -q dmar0 "$out" && grep -q 0000:01:00.0 "$out" &&
		[ "$(tail -n 1 "$out")" = DMA ]
}

# ---- Directories -----------------------------------------------------------

# A distribution without a C library: nothing of the host's can be there by chance.
make_bare_root() {
	mkdir -p "$work/bare/bin" "$work/bare/etc"
	cp /bin/busybox "$work/bare/bin/busybox"
	ln -s busybox "$work/bare/bin/sh"
	echo bare >"$work/bare/etc/name"
}

root_without_libc() {
	vm $small --root "$work/bare" -- sh -c 'read name </etc/name; echo $name; npuctl list
		echo x >/etc/new && read x </etc/new && echo $x'
	status_is 0 && grep -q '^bare' "$out" && grep -q 0000:01:00.0 "$out"
}

root_is_not_written() {
	[ "$(tail -n 1 "$out")" = x ] && [ ! -e "$work/bare/etc/new" ] &&
		[ "$(ls "$work/bare")" = "$(printf 'bin\netc')" ]
}

root_is_written_with_rw() {
	vm $small --root "$work/bare" --rw -- sh -c 'echo x >/etc/new'
	status_is 0 && [ "$(cat "$work/bare/etc/new")" = x ]
}

# Its card has all its memory.
other_distribution() {
	vm --root "$foreign" -- sh -c 'while read l; do echo "$l"; done </etc/os-release
		npuctl list; npu-run digits'
	status_is 0 && grep -q '^ID=' "$out" && grep -q 0000:01:00.0 "$out" &&
		cmp -n 200 "$foreign/etc/os-release" "$out"
}

model_in_other_distribution() {
	grep -q '^digits: .* correct on npu0' "$out"
}

# ---- By hand ---------------------------------------------------------------

print_only_prints() {
	vm --print
	status_is 0 && grep -q -e '-device npu-x6000' "$out" && grep -q 'qemu-system' "$out"
}

printed_line_works() {
	vm $small --print -- sh -c 'echo "it  works, $1"; exit 3' sh "isn't it"
	status_is 0 && timeout 120 sh "$out" </dev/null >"$work/console" 2>&1 &&
		grep -q "it  works, isn't it" "$work/console" &&
		grep -q 'exit status 3' "$work/console"
}

printed_line_with_root() {
	vm $small --root "$work/bare" --print -- sh -c 'read name </etc/name; echo "is $name"'
	status_is 0 && timeout 120 sh "$out" </dev/null >"$work/console" 2>&1 &&
		grep -q 'is bare' "$work/console"
}

print_refuses_what_would_be_cut_off() {
	vm --print -- echo "$(seq 1000)"
	complains "too long to be printed"
}

for_gdb() {
	vm --gdb --print
	status_is 0 && grep -q -e '-gdb tcp:127.0.0.1:1234' "$out" &&
		vm "--gdb=$work/a,b" --print && grep -q -e "-gdb unix:$work/a,,b,server=on" "$out"
}

unknown_module() {
	vm --module frobnicate -- true
	complains 'frobnicate.*no such module'
}

# ---- When things go wrong --------------------------------------------------

timeout_gives_up() {
	vm $small --timeout 8 -- sleep 1000
	status_is 125 && grep -q 'timed out after 8 s' "$err" && grep -q 'last words' "$err"
}

panic() {
	vm $small -- sh -c 'echo before; echo c >/proc/sysrq-trigger; sleep 100'
	status_is 125 && out_is 'before\n' &&
		grep -q 'Kernel panic - not syncing: sysrq' "$err"
}

power_off_from_inside() {
	vm $small -- sh -c 'poweroff -f; sleep 100'
	status_is 125 && grep -q 'the VM ended before the command did' "$err"
}

output_nobody_reads() {
	timeout 60 "$npu_vm" $small -- yes 2>"$err" | head -n 1 >"$out"
	out_is 'y\n'
}

is_gone() {
	[ ! -e "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status" 2>/dev/null
}

# A signal, once the guest runs; what npu-vm started and made must be gone.
signal_leaves_nothing() {
	"$npu_vm" $small --qmp "$work/qmp" -- sh -c 'echo up; sleep 1000' >"$out" 2>"$err" \
		</dev/null &
	pid=$!
	for _ in $(seq 300); do
		grep -q up "$out" && break
		sleep 0.1
	done
	qemu=$(pgrep -P $pid)
	[ -S "$work/qmp" ] || { echo "no socket"; return 1; }
	kill -"$1" $pid
	wait $pid
	rc=$?
	for _ in $(seq 50); do
		is_gone "$qemu" && break
		sleep 0.1
	done
	is_gone "$qemu" && status_is "$2"
}

# In the background of a script SIGINT is ignored, and stays so: hence not INT.
terminated() {
	signal_leaves_nothing TERM 143 && [ ! -e "$work/qmp" ]
}

hung_up() {
	signal_leaves_nothing HUP 129 && [ ! -e "$work/qmp" ]
}

killed() {
	signal_leaves_nothing KILL 137
}

interrupted() {
	timeout -s INT 10 "$npu_vm" $small --qmp "$work/qmp2" -- sleep 1000 >"$out" 2>"$err" \
		</dev/null
	[ $? = 124 ] && [ ! -e "$work/qmp2" ]
}

# ---- All of it -------------------------------------------------------------

check "options: the help fits a screen" help_fits_a_screen
check "options: the version" version
check "options: every option is in the help" every_option_is_in_the_help
check "options: an unknown one" unknown_option
check "options: a number that is none" bad_number
check "options: a size that is none" bad_size
check "options: fewer cards than --card" more_cards_than_count
check "missing: QEMU" no_qemu
check "missing: kernel" no_kernel
check "missing: driver" no_driver
check "missing: driver for this kernel" driver_for_another_kernel
check "missing: root directory" no_such_root
check "missing: programs in the root directory" root_without_programs
check "missing: shared directory" no_such_share
check "missing: shared directory is a file" share_is_a_file
check "missing: kernel file" no_such_kernel_file
check "missing: kernel file that is one" kernel_file_is_none
check "missing: memory" too_much_memory
check "cards: a type that does not exist" bad_card_type
check "cards: a property that does not exist" bad_card_property
check "cards: a value out of range" bad_card_value
check "cards: a size that is none" bad_hbm
talk
check "command: its status" status_is 7
check "command: its input and output, and nothing else" streams_apart
check "command: 10 MB of binary input and output" binary_input
check "command: input that it does not read" unread_input
check "command: stdin is closed" closed_input
check "command: arguments arrive unchanged" arguments_unchanged
check "command: not found" not_found
check "command: not executable" not_executable
check "command: ended by a signal" by_signal
check "command: background processes are not waited for" does_not_wait_for_daemons
check "shell: from a pipe" shell_from_a_pipe
check "shell: on a terminal" shell_on_a_terminal
check "cards: sixteen, with 128 GiB each" sixteen_cards_with_all_their_memory
check "cards: three of different types, and their status as JSON" \
	cards_of_different_types
check "cards: none" no_card
check "cards: behind an IOMMU that is strict" behind_an_iommu
check "around: a VM with many options" look_around
check "around: root, tools on the PATH" there place \
	'/\n0\n/run/npu/bin/npuctl\n/run/npu/bin/npu-run\n'
check "around: the driver is loaded" there driver '1\naccel0\n'
check "around: the module can be unloaded and loaded" there reloaded 'accel0\n'
check "around: memory" there memory '1\n'
check "around: a share is read and written, with a comma in its name" there read 'data\n'
check "around: a program in the share runs" there program 'ran\n'
check "around: --qemu-arg is passed on" there ports '2\n'
check "around: a module is loaded, with what it needs" there nvme '1\n'
check "around: the kernel's log is in a file" log_file
make_bare_root
check "root: a tree without a C library" root_without_libc
check "root: changes stay in memory" root_is_not_written
check "root: changes are written with --rw" root_is_written_with_rw
foreign=$(cd "$top/build/root" 2>/dev/null && pwd -P)
if [ -n "$foreign" ]; then
	check "root: another distribution" other_distribution
	check "root: a model in another distribution" model_in_other_distribution
else
	skip "root: another distribution" "none was fetched; type: scripts/fetch-root"
	skip "root: a model in another distribution" "none was fetched"
fi
check "print: boots nothing" print_only_prints
check "print: the line works when pasted" printed_line_works
check "print: with --root" printed_line_with_root
check "print: a command that is too long" print_refuses_what_would_be_cut_off
check "print: with --gdb" for_gdb
check "module: one that does not exist" unknown_module
check "wrong: time is over" timeout_gives_up
check "wrong: the kernel panics" panic
check "wrong: power off before the command ends" power_off_from_inside
check "wrong: nobody reads the output" output_nobody_reads
check "wrong: SIGTERM leaves nothing behind" terminated
check "wrong: SIGHUP leaves nothing behind" hung_up
check "wrong: SIGKILL leaves no QEMU behind" killed
check "wrong: Ctrl-C leaves nothing behind" interrupted
tap_end
