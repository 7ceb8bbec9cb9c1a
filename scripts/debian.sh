# SPDX-License-Identifier: MIT
# Debian's archive, and trees of its releases.  Sourced by scripts that have cache=, the
# directory for what is downloaded, and die().
# shellcheck shell=sh disable=SC2154

keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# mirrors [security]: where the machine's apt gets Debian's main archive, or its
# security updates; in both of apt's formats.
mirrors() {
	_security=$([ "${1:-}" = security ] && echo 1 || echo 0)
	[ -z "${NPU_DEBIAN_MIRROR:-}" ] || [ "$_security" = 1 ] || echo "$NPU_DEBIAN_MIRROR"
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
		awk -v security="$_security" '
		$1 == "deb" {
			sub(/\[[^]]*\]/, "")
			if (($3 ~ /security/) == security && / main/)
				print $2
		}'
	for file in /etc/apt/sources.list.d/*.sources; do
		[ -f "$file" ] && { cat "$file"; echo; }
	done | awk -v security="$_security" '
		function flush() {
			if (on && uris && (suites ~ /security/) == security && main)
				print uris
			on = 1; uris = ""; suites = ""; main = 0
		}
		BEGIN { on = 1 }
		/^[ \t]*$/ { flush() }
		{ key = tolower($1) }
		key == "uris:" { uris = $2 }
		key == "suites:" { suites = $0 }
		key == "components:" { main = / main/ }
		key == "enabled:" { on = tolower($2) != "no" }
		END { flush() }'
}

# Those of them that a tool beside apt can use, each once.
plain_mirrors() {
	mirrors "$@" | grep -E '^(https?|file|copy|mirror\+?[a-z]*):' | awk '!seen[$0]++'
}

# ---- Trees of a release, for root -------------------------------------------

# The tree's apt fetches from where the machine's does.
write_sources() {
	{
		echo "deb $3 $2 main"
		echo "deb $3 $2-updates main"
		plain_mirrors security | head -n 1 | sed "s|.*|deb & $2-security main|"
	} >"$1/etc/apt/sources.list"
	apt-config dump | grep '^Acquire::.*[Pp]roxy' >"$1/etc/apt/apt.conf.d/90proxy" || :
	cp /etc/resolv.conf "$1/etc/resolv.conf"
}

# alone COMMAND...: with mounts and processes of its own, all of which end with it, and it
# with the script.
alone() {
	setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child "$@"
}

# make_tree RELEASE TREE PACKAGE,...: a minimal Debian with these packages.
make_tree() {
	command -v debootstrap >/dev/null ||
		die "missing packages: apt-get install debootstrap"
	mkdir -p "$cache/debs/$1" "$2"
	for _mirror in $(plain_mirrors); do
		if alone debootstrap --variant=minbase --keyring="$keyring" \
			--cache-dir="$cache/debs/$1" --include="$3" "$1" "$2" "$_mirror"; then
			write_sources "$2" "$1" "$_mirror"
			return
		fi
	done
	die "no tree of Debian $1 could be made; check the network," \
		"or set NPU_DEBIAN_MIRROR=URL"
}

# enter TREE COMMAND...: run it in the tree.  What apt downloads there stays in the
# cache.  The directories in $enter_sees are there as well, read only, by the same names.
enter() {
	_debs=$cache/debs/$(sed -n 's/^VERSION_CODENAME=//p' "$1/etc/os-release")
	_tree=$1
	shift
	mkdir -p "$_debs"
	# shellcheck disable=SC2016
	alone sh -euc '
		tree=$1
		mount -t proc proc "$tree/proc"
		mount -t sysfs -o ro sysfs "$tree/sys"
		mount --rbind /dev "$tree/dev"
		mount --bind "$2" "$tree/var/cache/apt/archives"
		for dir in $3; do
			mkdir -p "$tree$dir"
			mount --bind "$dir" "$tree$dir"
			mount -o remount,bind,ro "$tree$dir"
		done
		shift 3
		exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
			HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
			chroot "$tree" "$@"' enter "$_tree" "$_debs" "${enter_sees:-}" "$@"
}
