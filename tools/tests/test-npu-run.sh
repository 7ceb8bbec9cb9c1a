#!/bin/sh
# SPDX-License-Identifier: MIT
#
# npu-run without a card: usage, bad files, damaged files, and every operator against
# ONNX's test data with the dies' code in place of a card.
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
programs=${OUT:-$top/build/tools}/run-test
data=${ONNX_TESTDATA:-/usr/share/libonnx-testdata/data}
digits=$top/tools/run/models/digits
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
n=0

make -s -C "$top/tools" run-test >&2 || { echo "Bail out! the tests do not build"; exit 1; }

result() { # status of the check, name
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - npu-run: $2"
	else
		echo "not ok $n - npu-run: $2"
		tail -n 20 "$dir/out" "$dir/err" | sed 's/^/# /'
		failed=1
	fi
}

run() { # program, arguments; leaves $dir/out, $dir/err and $status
	program=$1
	shift
	"$programs/$program" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
}

exits() { # wanted status, name, program, arguments...
	wanted=$1
	name=$2
	shift 2
	run "$@"
	[ $status -eq "$wanted" ]
	result $? "$name"
}

# What is refused: exit 2, nothing on stdout, one line on stderr with a certain text.
refused() { # text
	[ $status -eq 2 ] && [ ! -s "$dir/out" ] && [ "$(wc -l <"$dir/err")" -eq 1 ] &&
		grep -qF -- "$1" "$dir/err"
}

# ---- Usage

exits 0 "--help exits 0" npu-run --help
[ "$(wc -l <"$dir/out")" -le 24 ] && ! grep -q '.\{81\}' "$dir/out" &&
	grep -q Example "$dir/out" && [ ! -s "$dir/err" ]
result $? "--help fits a screen and has an example"
exits 0 "--version exits 0" npu-run --version

run npu-run
refused "no model"
result $? "no model is refused"
for bad in --dies=0 --dies=none --dies=-1 --batch=0 --repeat=1x --tolerance=-1 \
	--accuracy=nan; do
	run npu-run $bad digits
	refused "not a number"
	result $? "$bad is refused"
done
exits 2 "an unknown option exits 2" npu-run --frobnicate digits
run npu-run --input=a "$digits" "$digits"
refused "for one model"
result $? "data for two models is refused"

# ---- Files that are no models

run npu-run --check "$dir/nowhere.onnx"
refused "no such file"
result $? "a missing file is refused"
run npu-run --check "$dir"
refused "no model.onnx"
result $? "a directory without a model is refused"
run npu-run --check /dev/null
refused "not a regular file"
result $? "a device file is refused"
run npu-run --check "$0"
refused "not an ONNX model"
result $? "a text file is refused"
head -c 65536 /dev/urandom >"$dir/garbage.onnx"
run npu-run --check "$dir/garbage.onnx"
[ $status -eq 2 ] && [ "$(wc -l <"$dir/err")" -eq 1 ]
result $? "garbage is refused"

mkdir "$dir/bad" && "$programs/bad-models" "$dir/bad"
exits 0 "the model that the bad ones are made of is good" \
	npu-run --check "$dir/bad/good.onnx"
for text in "$dir"/bad/*.txt; do
	name=${text##*/}
	run npu-run --check "${text%.txt}.onnx"
	refused "$(cat "$text")"
	result $? "a bad model is refused: ${name%.txt}"
	# Without --check too, and before a card is looked for: that would exit 3.
	run npu-run "${text%.txt}.onnx"
	refused "$(cat "$text")"
	result $? "before a card is opened: ${name%.txt}"
done

# ---- Data that do not fit the model

set_0=$digits/test_data_set_0
run npu-run --check -i "$set_0/output_0.pb" "$digits"
refused "input 'image': data of rank 2"
result $? "data of another rank are refused"
run npu-run --check -i "$set_0/labels.pb" "$digits"
refused "the data are of type int64, not float"
result $? "data of another type are refused"
run npu-run --check -i "$set_0/input_0.pb" -i "$set_0/input_0.pb" "$digits"
refused "2 input files, the model has 1 inputs"
result $? "too many files of data are refused"
run npu-run --check -e "$set_0/labels.pb" "$digits"
refused "output 0 is float [360, 10], expected is int64 [360]"
result $? "expected outputs of another shape are refused"
run npu-run --check -l "$set_0/output_0.pb" "$digits"
refused "labels must be"
result $? "labels that are none are refused"
run npu-run "$digits/model.onnx"
refused "no data for its 1 inputs"
result $? "a run without data is refused"
for size in 0 1 10 1000; do
	head -c $size "$set_0/input_0.pb" >"$dir/short.pb"
	run npu-run --check -i "$dir/short.pb" "$digits"
	[ $status -eq 2 ] && [ "$(wc -l <"$dir/err")" -eq 1 ]
	result $? "data cut off after $size bytes are refused"
done

# ---- Damaged models, with the sanitizers watching

run fuzz-models truncate "$digits/model.onnx"
[ $status -eq 0 ]
result $? "digits cut off anywhere: a clear answer"
run fuzz-models change 2000 "$digits/model.onnx"
[ $status -eq 0 ]
result $? "digits with bytes changed, 2000 times: a clear answer"
run fuzz-models change 2000 "$dir/bad/good.onnx"
[ $status -eq 0 ]
result $? "a tiny model with bytes changed, 2000 times: a clear answer"
if [ -d "$data" ]; then
	run fuzz-models change 100 "$data"/node/*/model.onnx
	[ $status -eq 0 ]
	result $? "each model of ONNX's tests with bytes changed, 100 times"
fi

# ---- Running, with the dies' code

last_lines() { # dies: the two lines in which a run of digits ends
	tail -n 2 "$dir/out" | head -n 1 | grep -qE "^digits: 35[0-9]/360 correct on npu0 \($1\), largest difference from the reference [0-9]\.[0-9]e-0[5-9]\$" &&
		tail -n 1 "$dir/out" |
		grep -qE '^time: host [0-9.]+ ms, device [0-9.]+ ms$'
}

exits 0 "digits are right" on-host "$digits"
last_lines "8 dies"
result $? "the last two lines have their form"
exits 0 "digits on one die" on-host --dies=0x4 "$digits"
last_lines "1 die"
result $? "the last two lines name one die"
exits 0 "digits on dies 0, 3 and 7" on-host --dies=0x89 "$digits"
for batch in 1 7 60 359 360 1000; do
	exits 0 "digits in batches of $batch" on-host --batch=$batch "$digits"
done
exits 0 "digits as JSON" on-host --json --repeat=2 "$digits"
grep -qE '^\{"schema": 1, "model": "digits", .*"correct": 353, .*"passed": true\}$' \
	"$dir/out"
result $? "JSON has the figures"
NPU_DATA_DIR=$top/tools/run exits 0 "digits by name" on-host digits
exits 2 "dies that the card does not have" on-host --dies=0x100 "$digits"
exits 3 "a card that does not exist" on-host --device=npu7 "$digits"
exits 1 "more correct answers asked for than there are" on-host --accuracy=99.9 "$digits"
exits 1 "a reference that is not met exactly" on-host --tolerance=0 "$digits"
head -c 60000 "$digits/model.onnx" >"$dir/wrong.onnx"
printf '\377\177' >>"$dir/wrong.onnx"
tail -c +60003 "$digits/model.onnx" >>"$dir/wrong.onnx"
exits 1 "a weight that is wrong in the file" on-host -i "$set_0/input_0.pb" \
	-e "$set_0/output_0.pb" -l "$set_0/labels.pb" "$dir/wrong.onnx"
exits 0 "outputs are written" on-host -o "$dir" "$digits"
exits 0 "and read back as what is expected, exactly" on-host --tolerance=0 \
	-e "$dir/output_0.pb" "$digits"

# ---- Every operator

if [ -d "$data" ]; then
	tests=$(grep -v '^#' "$here/run/onnx-tests.list")
	# shellcheck disable=SC2086
	(cd "$data" && exec "$programs/on-host" --json --relative=1e-3 \
		--tolerance=1e-5 $tests) >"$dir/out" 2>"$dir/err" </dev/null
	for test in $tests; do
		grep -q "\"model\": \"${test##*/}\".*\"passed\": true" "$dir/out"
		result $? "ONNX $test"
	done
else
	n=$((n + 1))
	echo "ok $n - npu-run: ONNX's tests # SKIP libonnx-testdata is not installed"
fi

echo "1..$n"
exit $failed
