#!/bin/sh
# SPDX-License-Identifier: MIT
# npu.h compiles alone, without a warning, in C and C++.  From the Makefile: CC,
# CXX, INCLUDE, and LIBNPU, where the library was built.
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
n=0

run() { # name, command...
	name=$1
	shift
	n=$((n + 1))
	if "$@" > "$dir/log" 2>&1; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		sed 's/^/# /' "$dir/log"
	fi
}

warnings="-Wall -Wextra -Werror"

echo '#include <npu.h>' > "$dir/alone.c"
cp "$dir/alone.c" "$dir/alone.cc"
cat > "$dir/use.cc" << END
#include <npu.h>
#include <cstring>

int main()
{
	const uint64_t extent[] = { 2, 3 };
	npu_program *prog;
	size_t size;

	if (npu_program_new(nullptr, &prog))
		return 1;
	npu_tensor_id t = npu_tensor(prog, npu_base(prog), 0, NPU_DTYPE_F32, 2, extent);
	npu_op_unary(prog, NPU_OP_RELU, t, t);
	int err = npu_program_finish(prog);
	if (err || !npu_program_image(prog, &size) || size != 64 + 64 + 128)
		return 2;
	npu_program_free(prog);
	return std::strcmp(npu_error_name(NPU_ERR_SHAPE), "SHAPE") ? 3 : 0;
}
END

# INCLUDE and the warnings are lists of words.
# shellcheck disable=SC2086
{
	echo 1..5
	for std in c11 c17; do
		run "npu.h in $std" $CC -std=$std $warnings $INCLUDE -fsyntax-only "$dir/alone.c"
	done
	run "npu.h in c++11" $CXX -std=c++11 $warnings $INCLUDE -fsyntax-only "$dir/alone.cc"
	run "a C++ program links" $CXX -std=c++11 $warnings $INCLUDE -o "$dir/use" \
		"$dir/use.cc" -L"$LIBNPU" -lnpu
	run "a C++ program builds a program" env LD_LIBRARY_PATH="$LIBNPU" "$dir/use"
}
