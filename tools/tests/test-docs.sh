#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The manuals: they build, and what they say of programs and headers is so.  What they
# say of registers and instructions is looked at by qemu-device/tests.
#
# Functions are called by name.
# shellcheck disable=SC2317,SC2016
. "$(dirname "$0")/tap.sh"
docs=$top/Documentation
qemu=${NPU_QEMU:-$top/build/qemu-system-x86_64-npu}

# same WANTED GOT: two lists, one entry a line; says what is in one only.
same() {
	sort -u "$1" >"$work/.wanted"
	sort -u "$2" >"$work/.got"
	[ -s "$work/.wanted" ] && diff "$work/.wanted" "$work/.got" |
		sed -n 's/^</only in the first: /p; s/^>/only in the second: /p' |
		grep . && return 1
	[ -s "$work/.wanted" ]
}

# ---- Headers ---------------------------------------------------------------------

# Rows of registers.rst: "0x0004  NPU_REG_VERSION  32 ...".
offsets_are_those_of_the_header() {
	{
		echo '#include <npu/regs.h>'
		sed -n 's/^\(0x[0-9a-f]*\)  *\(NPU_[A-Z_]*[()0]*\) .*/NPU_STATIC_ASSERT(\2 == \1);/p' \
			"$docs/card/registers.rst"
	} >"$work/offsets.c"
	[ "$(wc -l <"$work/offsets.c")" -gt 40 ] &&
		${CC:-cc} -fsyntax-only -I"$top/uapi" "$work/offsets.c"
}

# A register is a constant that is an offset: all but bits, limits and values.
registers_are_all_listed() {
	sed -n 's/^#define \(NPU_\(REG\|DIE\|VECTOR\|QUEUE\)_[A-Z_]*\)\((word)\)*[[:space:]].*/\1/p' \
		"$top/uapi/npu/regs.h" |
		grep -vE '^NPU_REG_(DIE|VECTOR|QUEUE|DOORBELL)$|_CONTROL_[A-Z]' >"$work/defined"
	sed -n 's/^0x[0-9a-f]*  *\(NPU_[A-Z_]*\).*/\1/p' "$docs/card/registers.rst" \
		>"$work/listed"
	same "$work/defined" "$work/listed"
}

instructions_have_their_numbers() {
	sed -n 's/^[[:space:]]*NPU_OP_\([A-Z0-9_]*\) = \([0-9]*\),/\1, \2/p' \
		"$top/uapi/npu/isa.h" >"$work/defined"
	sed -n 's/^ *\* - \([A-Z0-9_]*, [0-9]*\)$/\1/p' "$docs/instructions.rst" \
		>"$work/listed"
	same "$work/defined" "$work/listed"
}

functions_of_libnpu_are_described() {
	grep -o 'npu_[a-z0-9_]*;' "$top/libnpu/libnpu.map" | tr -d ';' >"$work/exported"
	sed -n 's/^\.\. c:function:: .*[ *]\(npu_[a-z0-9_]*\) (.*/\1/p' \
		"$top/build/docs/source/generated/npu.inc" >"$work/described"
	same "$work/exported" "$work/described"
}

# ---- Manual pages ----------------------------------------------------------------

# An option of a text, without its argument: --card, -d.
options() {
	grep -oE '(^|[^-[:alnum:]])(--[a-z][a-z-]*|-[a-zA-Z])\b' | grep -oE -- '-.*' | sort -u
}

# The options that a manual page describes: the heads of its paragraphs.
page_options() {
	sed -n '/^\.SH OPTIONS/,/^\.SH [^O]/p' "$docs/man/$1.1" |
		awk 'head { print; head = 0 } /^\.TP/ { head = 1 }' |
		sed 's/\\f.//g; s/\\-/-/g; s/^\.[A-Z]* //; s/"/ /g' | options
}

help_options() {
	case $1 in
	npuctl)
		"$top/tools/npuctl" list --help
		"$top/tools/npuctl" status --help
		"$top/tools/npuctl" --help
		;;
	*)
		"$top/tools/$1" --help
		;;
	esac | grep -vE '^Example|^  npu|^ {10}npu-run|^Usage' | options
}

page_and_help_agree() {
	help_options "$1" >"$work/help"
	page_options "$1" >"$work/page"
	# --version is not an option of a command of npuctl, but of npuctl.
	same "$work/help" "$work/page"
}

# "Exit status: 0 fine, 1 degraded, ..." against the heads of EXIT STATUS.
exit_codes_agree() {
	"$top/tools/$1" --help | sed -n '/^Exit/,$p' | grep -oE '\b[0-9]+ [a-z]' |
		grep -oE '[0-9]+' >"$work/help"
	sed -n '/^\.SH EXIT/,/^\.SH [^E]/p' "$docs/man/$1.1" | grep -oE '\b[0-9]+$' \
		>"$work/page"
	same "$work/help" "$work/page"
}

page_is_clean() {
	mandoc -T lint -W warning "$docs/man/$1.1"
}

# ---- The device ------------------------------------------------------------------

# "name=<type>|default|description" of what a type adds to a PCI device.
device_help() {
	"$qemu" -device "$1,help" | sed -n 's/^  \([^ ]*\) *\(- \(.*\)\)\{0,1\}$/\1|\3/p' |
		sed 's/^\([^|]*\)|\(.*\) (default: \(.*\))$/\1|\3|\2/; t
			s/^\([^|]*\)|\(.*\)$/\1||\2/'
}

# Rows of qemu-device.rst: "dies=<uint32>  0  Compute dies; ...".
page_properties() {
	sed -n 's/^\([a-z]*=<[^ ]*\)  *\([0-9]*\)  *\([^ ].*\)$/\1|\2|\3/p' \
		"$docs/qemu-device.rst"
}

properties_agree() {
	page_properties >"$work/page"
	device_help "$1" >"$work/help"
	cut -d= -f1 "$work/page" | sed 's/.*/^&=/' >"$work/own"
	grep -f "$work/own" "$work/help" >"$work/own-help"
	same "$work/own-help" "$work/page" || return 1
	# Of every PCI device, by name; x- ones come and go with QEMU.
	grep -v -f "$work/own" "$work/help" | cut -d= -f1 | grep -v '^x-' |
		while read -r _name; do
			grep -q "\`\`$_name\`\`" "$docs/qemu-device.rst" ||
				echo "$_name is not in qemu-device.rst"
		done | grep . && return 1
	return 0
}

types_agree() {
	"$qemu" -device help 2>&1 |
		sed -n 's/^name "\(npu-[a-z0-9]*\)".* \([0-9]*\) dies"$/\1 \2/p' >"$work/help"
	sed -n 's/^``\(npu-[a-z0-9]*\)`` .*  *\([0-9]\)  *[0-9]* GiB$/\1 \2/p' \
		"$docs/qemu-device.rst" >"$work/page"
	same "$work/help" "$work/page"
}

# ---- Messages --------------------------------------------------------------------

# What troubleshooting.rst says, on one line and without markup.
page_text() {
	tr -s ' \n' '  ' <"$docs/troubleshooting.rst" | sed 's/``//g'
}

# messages_are_explained FUNCTIONS FILE...: what the functions are given is there.
messages_are_explained() {
	_functions=$1
	shift
	page_text >"$work/page"
	awk -v functions="$_functions" -f "$tests/messages.awk" "$@" | sort -u \
		>"$work/messages"
	while read -r _message; do
		grep -qF -- "$_message" "$work/page" || echo "not explained: $_message"
	done <"$work/messages" | grep . && return 1
	[ -s "$work/messages" ]
}

# What the scripts die of: the words before the first thing that is filled in.
script_messages_are_explained() {
	page_text >"$work/page"
	cat "$top"/scripts/* | sed -n 's/.*\bdie "\([^"]*\)".*/\1/p' |
		awk -F '[$]([{][^}]*[}]|[(].*|[A-Za-z0-9_]*)' '{
			best = ""
			for (i = 1; i <= NF; i++)
				if (length($i) > length(best))
					best = $i
			gsub(/^[ :;,(]+|[ :;,(]+$/, "", best)
			if (length(best) > 5 && best !~ /^usage/)
				print best
		}' | sort -u >"$work/messages"
	while read -r _message; do
		grep -qF -- "$_message" "$work/page" || echo "not explained: $_message"
	done <"$work/messages" | grep . && return 1
	[ -s "$work/messages" ]
}

# ---- Tests -----------------------------------------------------------------------

# What scripts/check starts: suites by name, and one for each script of the tools.
suites() {
	sed -n 's/^[[:space:]]*\(guest_\)\{0,1\}suite \([a-z][a-z-]*\) .*/\2/p' \
		"$top/scripts/check"
	for _test in "$tests"/test-*.sh; do
		basename "$_test" .sh | sed 's/^test-//'
	done
}

# Rows of the table: "``device``   205   ...".
suites_are_listed_with_their_times() {
	suites >"$work/started"
	sed -n 's/^``\([a-z-]*\)``  *[0-9-][0-9]*  .*/\1/p' "$docs/testing.rst" \
		>"$work/listed"
	same "$work/started" "$work/listed"
}

guest_tests_are_listed() {
	make -s -C "$top/selftests" -pn 2>/dev/null |
		sed -n 's/^TEST_GEN_PROGS := //p' | tr ' ' '\n' >"$work/built"
	sed -n 's/^``\(npu_[a-z]*\)``  .*/\1/p' "$docs/testing.rst" >"$work/listed"
	same "$work/built" "$work/listed"
}

# ---- Examples --------------------------------------------------------------------

compile() {
	# shellcheck disable=SC2046
	${CC:-cc} -O2 -Wall -Wextra -Werror -I"$top/uapi" -I"$top/libnpu" \
		$(pkg-config --cflags libdrm) -o "$work/share/$1" "$docs/examples/$1.c" \
		-L"$top/build/libnpu" -lnpu -ldrm -Wl,-rpath,/run/npu/lib
}

# They run in one VM; what each prints is in $work/share/NAME.out afterwards.
run_examples() {
	"$top/tools/npu-vm" --timeout 240 --share "$work/share" \
		--card npu-x6000,hbm=256M -- sh -c 'cd /mnt/share &&
			for name; do ./"$name" >"$name.out" || exit; done' sh "$@"
}

prints_what_the_page_says() {
	diff "$docs/examples/$1.out" "$work/share/$1.out"
}

check "the manuals build without a warning" "$top/scripts/docs"
check "registers have the offsets of the header" offsets_are_those_of_the_header
check "every register of the header is listed" registers_are_all_listed
check "every instruction is listed with its number" instructions_have_their_numbers
for page in npuctl npu-run npu-vm; do
	check "$page: manual page and --help have the same options" page_and_help_agree $page
	check "$page: the manual page is well-formed" page_is_clean $page
done
check "npuctl: manual page and --help have the same exit codes" exit_codes_agree npuctl
check "npu-run: manual page and --help have the same exit codes" exit_codes_agree npu-run
check "the manual has the types of the device" types_agree
for type in npu-x6000 npu-dv100p npu-dv200d npu-dv300d; do
	check "$type: manual and -device help have the same properties" \
		properties_agree $type
done

check "driver: every message is explained" messages_are_explained \
	"dev_err|dev_warn|dev_err_ratelimited|npu_reset_card" "$top"/driver/*.c
check "device: every message is explained" messages_are_explained error_setg \
	"$top"/qemu-device/qemu/*.c "$top/qemu-device/core/card.c"
check "libnpu: every message is explained" messages_are_explained \
	"npu_fail|npu_program_fail|line_add" "$top"/libnpu/*.c
check "npu-vm: every message is explained" messages_are_explained \
	"vm_die|vm_note|agent_fail" "$top"/tools/vm/*.c "$top"/tools/vm/guest/*.c
check "npuctl: every message is explained" messages_are_explained fprintf \
	"$top/tools/ctl/advice.c" "$top/tools/ctl/card.c"
check "npu-run: every message is explained" messages_are_explained \
	"fail|plan_fail|[a-z_]*refuse" "$top"/tools/run/*.c
check "scripts: every message is explained" script_messages_are_explained
check "every suite is listed with its time" suites_are_listed_with_their_times
check "every guest test is listed" guest_tests_are_listed

mkdir "$work/share"
for name in add add-libnpu; do
	check "example $name: compiles without a warning" compile $name
done
check "the examples run in a VM" run_examples add add-libnpu
for name in add add-libnpu; do
	check "example $name: prints what the page says" prints_what_the_page_says $name
done

tap_end
