#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Runs in the guest, whose shell is busybox: the decoder computes what the reference
# says, with every kind of attention, network and matrix, and streams do not mix.
work=/tmp/decoder
mkdir -p "$work"
count=0

# say NAME STATUS: one test
say() {
	count=$((count + 1))
	if [ "$2" = 0 ]; then
		echo "ok $count - $1"
	else
		echo "not ok $count - $1"
		sed 's/^/# /' "$work/out"
	fi
}

decoder() {
	npu-bench decoder "$@" >"$work/out" 2>&1
}

small="--layers 2 --hidden 128 --heads 4 --vocab 300 --context 80 --prompt 37 --generate 4"

# Tokens a second on host and device, operations and bytes of a token
rates_are_good() {
	awk '/^(prefill|decode) / { n++; bad += !($4 > 0 && $7 > 0 && $10 > 0 && $12 > 0) }
		END { exit n != 2 || bad }' "$work/out"
}

# right NAME OPTION...: the logits are the reference's.
right() {
	_name=$1
	shift
	# shellcheck disable=SC2086
	decoder $small --check "$@" && grep -q '^logits differ .* at most$' "$work/out" &&
		rates_are_good
	say "$_name" $?
}

right "llama, f32" --dtype f32 --kv-heads 2
right "llama, f32, many streams" --dtype f32 --batch 5
right "llama, f16" --dtype f16 --kv-heads 1
right "llama, bf16" --kv-heads 4
right "llama, fp8" --dtype fp8
right "llama, q8_0" --dtype q8_0 --batch 2
right "llama, q4_0" --dtype q4_0
right "llama, f32, experts" --dtype f32 --experts 6 --top-k 2 --batch 3
right "deepseek, f32" --arch deepseek --dtype f32
right "deepseek, f32, experts" --arch deepseek --dtype f32 --experts 8 --top-k 3 --batch 2
right "deepseek, fp8, experts" --arch deepseek --experts 8 --batch 2

# The reference can tell: another rounding of the cache is seen.
# shellcheck disable=SC2086
decoder $small --dtype f32 --check --seed 7
first=$(grep '^logits' "$work/out")
# shellcheck disable=SC2086
decoder $small --dtype bf16 --check --seed 7
second=$(grep '^logits' "$work/out")
echo "$first; $second" >>"$work/out"
[ -n "$first" ] && [ -n "$second" ] && [ "$first" != "$second" ]
say "a cache in f16 differs more than one in f32" $?

for arch in llama deepseek; do
	decoder --arch $arch --layers 2 --hidden 128 --heads 4 --vocab 300 --context 120 \
		--prompt 90 --generate 12 --batch 16 --experts 4 --dtype f32 --interleave &&
		grep -q '^16 streams give the same tokens' "$work/out"
	say "$arch: 16 streams of different lengths do not mix" $?
done

# shellcheck disable=SC2086
decoder $small --arch deepseek --experts 8 --profile
awk '$2 ~ /^(matmul|matmul_routed|attention|rope|rms_norm|scatter|argmax)$/ { seen[$2] = 1 }
	$1 ~ /^[0-9]+$/ && NF == 8 {
		n++
		bad += !($5 > 0 && $6 >= 0 && $7 ~ /^(compute|memory|latency)$/)
		bad += $8 + 0 < 0 || $8 + 0 > 100
	}
	END { for (name in seen) k++; exit k != 7 || n < 50 || bad }' "$work/out"
say "a profile has a line for each instruction" $?

# refused PATTERN OPTION...
refused() {
	_pattern=$1
	shift
	decoder "$@"
	[ $? = 2 ] && grep -q "$_pattern" "$work/out" && [ "$(wc -l <"$work/out")" = 1 ]
	say "refused: $*" $?
}

refused "llama or deepseek" --arch gpt
refused "knows no 'f64'" --dtype f64
refused "wants a number" --layers many
refused "wants a number" --hidden -5
refused "at least 1" --heads 0
refused "even number" --hidden 100 --heads 33
refused "does not divide" --kv-heads 3
refused "more than --context" --prompt 1000 --generate 1000
refused "more than --experts" --experts 4 --top-k 5
refused "blocks of 32" --dtype q8_0 --hidden 120 --heads 4
refused "no --kv-heads" --arch deepseek --kv-heads 2
refused "what is 'now'" now
decoder --help && grep -q -- --interleave "$work/out"
say "--help" $?

echo "1..$count"
