#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# conftest.sh OUT FILE.c... -- COMPILER...
#
# Write OUT with "#define NPU_HAVE_NAME 1" for each name.c that compiles.  canary.c
# must not, and control.c must: else the answers mean nothing.

set -eu

out=$1
shift
files=
while [ "$1" != -- ]; do
	files="$files $1"
	shift
done
shift

has() {
	"$@" 2>/dev/null
}

text='/* SPDX-License-Identifier: GPL-2.0-only */
/* Made by conftest.sh: what this kernel has */'
for file in $files; do
	name=$(basename "$file" .c)
	case $name in
	canary)
		if has "$@" "$file"; then
			echo "conftest: canary.c compiles, no answer can be trusted" >&2
			exit 1
		fi
		;;
	control)
		if ! has "$@" "$file"; then
			echo "conftest: control.c does not compile:" >&2
			"$@" "$file"
			exit 1
		fi
		;;
	*)
		if has "$@" "$file"; then
			macro=$(echo "$name" | tr '[:lower:]' '[:upper:]')
			text="$text
#define NPU_HAVE_$macro 1"
		fi
		;;
	esac
done

# Even unchanged: it has to be newer than the files above, or make asks them each time.
printf '%s\n' "$text" >"$out"
