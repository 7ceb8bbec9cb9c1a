#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The benchmarks, quickly: every one gives numbers, and they are written as promised.
#
# Tests are called by name.
# shellcheck disable=SC2317
set -u
. "$(dirname "$0")/tap.sh"

names="null_job_latency null_job_rate submit_cpu_time hbm_write_bandwidth
dma_h2d_bandwidth dma_d2h_bandwidth matmul_f32_1024 matmul_f16_1024
matmul_f32_4096x512x14336 matmul_f16_4096x512x14336 matmul_bf16_4096x512x14336
matmul_q8_0_4096x512x14336 matmul_q4_0_4096x512x14336 matmul_fp8_4096x512x14336
matvec_f32_4096x14336 matvec_f16_4096x14336 matvec_bf16_4096x14336
matvec_q8_0_4096x14336 matvec_q4_0_4096x14336 matvec_q4_k_4096x14336 attention_prefill
attention_decode rms_norm softmax rope silu_mul copy_transpose conv2d_3x3 digits_batch64 small_op_cost probe_time
boot_to_answer idle_cpu"
count=$(echo "$names" | wc -w)
json=$work/bench.json

bench() {
	rm -f "$json"
	timeout -k 5 200 "$top/scripts/bench" --out "$json" "$@" >"$work/out" 2>"$work/err" ||
		{ cat "$work/out" "$work/err"; return 1; }
}

all_of_them() {
	bench --quick
}

# awk reads one object a line.
objects() {
	[ -s "$json" ] || return 1
	tr -d '\n\t' <"$json" | sed 's/}, *{/}\n{/g'
	echo
}

is_a_list() {
	objects | sed -n '1p' | grep -q '^\[{' && objects | sed -n '$p' | grep -q '}\]$'
}

names_are_complete() {
	objects | sed 's/.*"name": *"\([^"]*\)".*/\1/' >"$work/names"
	echo "$names" | tr -s ' ' '\n' | cmp - "$work/names"
}

# name FIELD: its value in each object
field() {
	objects | sed "s/.*\"$1\": *\([^,}]*\).*/\1/"
}

values_are_numbers() {
	field value >"$work/values"
	[ "$(grep -cE '^[0-9.]+(e[-+]?[0-9]+)?$' "$work/values")" = "$count" ] &&
		! grep -qxE '0(\.0*)?' "$work/values"
}

# Two have nothing that they could be compared with, and OpenCV may be missing.
ratios_are_right() {
	objects | while IFS= read -r object; do
		case $object in
		*'"baseline":null,"baseline_value":null,"ratio":null'*) ;;
		*'"probe_time"'* | *'"small_op_cost"'*) return 1 ;;
		esac
	done
	missing=2
	/usr/bin/python3 -c 'import cv2' 2>/dev/null || missing=3
	field unit | paste -d ' ' - "$work/values" >"$work/1"
	field baseline_value | paste -d ' ' "$work/1" - >"$work/2"
	field ratio | paste -d ' ' "$work/2" - | awk -v count="$count" -v missing="$missing" '
		$4 == "null" { found++; next }
		{ want = $1 ~ /^"(us|ns|ms|s|%)"$/ ? $3 / $2 : $2 / $3 }
		$4 <= 0 || $4 > want * 1.001 || $4 < want * 0.999 { wrong = 1 }
		END { exit wrong || missing != found || NR != count }'
}

table_has_them_too() {
	for name in $names; do
		grep -q "^$name " "$work/out" || { echo "$name"; return 1; }
	done
}

one_by_name() {
	bench --reps 2 probe_time && [ "$(objects | wc -l)" = 1 ] &&
		grep -q '^probe_time ' "$work/out"
}

unknown_name() {
	! bench frobnicate >"$work/said" && grep -q "no benchmark 'frobnicate'" "$work/said"
}

check "all: run to the end" all_of_them
check "json: a list" is_a_list
check "json: all names, in order" names_are_complete
check "json: all values are numbers above 0" values_are_numbers
check "json: ratios follow from the values" ratios_are_right
check "table: all names" table_has_them_too
check "one: by its name" one_by_name
check "one: that does not exist" unknown_name
tap_end
