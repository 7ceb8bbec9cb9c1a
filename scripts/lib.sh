# SPDX-License-Identifier: MIT
# What the scripts share.  Sourced, never run.

top=$(cd "$(dirname "$0")/.." && pwd)
cache=${XDG_CACHE_HOME:-${HOME:?}/.cache}/npu
self=${0##*/}

say() {
	printf '%s\n' "$*"
}

die() {
	printf '%s: %s\n' "$self" "$*" >&2
	exit 1
}

# need_space DIRECTORY MEGABYTES PURPOSE: stop early rather than half-way.
need_space() {
	_dir=$1
	while [ ! -d "$_dir" ]; do
		_dir=$(dirname "$_dir")
	done
	_free=$(df -Pm "$_dir" | awk 'NR == 2 { print $4 }')
	[ "$_free" -ge "$2" ] || die "$3 needs $2 MB in $1, which has $_free MB:" \
		"free some, or choose another place with XDG_CACHE_HOME="
}

# apt as a user who need not be root, quiet where it would warn about it.
apt_get() {
	apt-get -q -o APT::Sandbox::User="$(id -un)" "$@"
}

need_apt() {
	command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
		die "this machine has no apt-get and dpkg: $1"
}

# as_root WHAT-TO-TYPE COMMAND...
as_root() {
	_hint=$1
	shift
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "not root, and there is no sudo; as root type: $_hint"
	fi
}

# be_root SCRIPT ARGUMENT...: run this script again as root, with the same cache, if it
# is not.
be_root() {
	[ "$(id -u)" != 0 ] || return 0
	as_root "$*" env HOME="$HOME" XDG_CACHE_HOME="${cache%/npu}" sh "$@"
	exit
}

update_apt_lists() {
	as_root "apt-get update" apt-get -q update </dev/null >&2 ||
		die "the package lists cannot be fetched; check the network, then try again"
}

# link_build TARGET NAME: build/NAME points to TARGET from now on.
link_build() {
	mkdir -p "$top/build"
	ln -sfn "$1" "$top/build/$2"
}
