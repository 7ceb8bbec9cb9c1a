#!/bin/sh
# SPDX-License-Identifier: MIT
#
# make install and uninstall into directories of their own, and what is there when the
# checkout and the cache are out of sight.
#
# Tests are called by name.
# shellcheck disable=SC2317,SC2015,SC2016,SC2154
set -u
. "$(dirname "$0")/tap.sh"

version=$(cat "$top/VERSION")
multiarch=$(cc -print-multiarch)
dest=$work/dest
home=$work/home
PATH=$PATH:/usr/sbin:/sbin

# Every path with its type, rights and, for a link, its target.
listing() {
	(cd "$1" && find . -printf '%p %y %m %l\n' | sort)
}

quietly() {
	make -s -C "$top" --no-print-directory "$@"
}

same() {
	diff "$1" "$2"
}

# A system that has files of others where ours go.
make_system() {
	mkdir -p "$dest/usr/bin" "$dest/usr/include/drm" "$dest/usr/lib/udev/rules.d"
	touch "$dest/usr/bin/qemu-system-x86_64" "$dest/usr/include/drm/drm.h"
	listing "$dest" >"$work/before"
}

# ---- What is installed -----------------------------------------------------

# MODE and path below the prefix, %L for the library's directory.
wanted="755 bin/npuctl
755 bin/npu-run
755 bin/npu-vm
755 bin/qemu-system-x86_64-npu
644 include/npu.h
644 include/drm/npu_accel.h
644 include/npu/isa.h
644 include/npu/regs.h
644 %L/libnpu.so.$version
644 %L/pkgconfig/npu.pc
644 lib/npu/npu.ko
644 lib/npu/kernel/release
644 lib/npu/kernel/modules/modules.dep
644 lib/udev/rules.d/60-npu.rules
755 libexec/npu/npu-agent
755 libexec/npu/selftests/run
755 libexec/npu/selftests/npu_query
644 libexec/npu/selftests/settings
644 share/man/man1/npuctl.1
644 share/man/man1/npu-run.1
644 share/man/man1/npu-vm.1
644 share/npu/models/digits/model.onnx
644 src/npu-$version/dkms.conf
644 src/npu-$version/Kbuild
644 src/npu-$version/driver/npu_drv.c
755 src/npu-$version/driver/conftest/conftest.sh
644 src/npu-$version/uapi/npu/regs.h"

has_everything() {
	echo "$wanted" | sed "s,%L,$2," | while read -r mode file; do
		[ "$(stat -c %a "$1/$file")" = "$mode" ] || { echo "$mode $file"; exit 1; }
	done
}

installs_everything() {
	quietly install DESTDIR="$dest" PREFIX=/usr >"$work/said" &&
		has_everything "$dest/usr" "lib/$multiarch"
}

says_what_to_type() {
	cat "$work/said"
	[ "$(tail -n 1 "$work/said")" = "    dkms install npu/$version" ]
}

owns_what_it_lists() {
	sed "s,^,$dest," "$dest/usr/lib/npu/installed" | while read -r path; do
		[ -e "$path" ] || { echo "$path"; exit 1; }
	done
}

# Names that a checkout or a cache has do not belong into text or RUNPATHs.
names_no_checkout() {
	! grep -rlI "$top" "$dest" || return 1
	readelf -d "$dest"/usr/bin/[!q]* "$dest/usr/bin/qemu-system-x86_64-npu" |
		sed -n 's/.*RUNPATH.*\[\(.*\)\]/\1/p' >"$work/runpaths"
	printf '%s\n' '$ORIGIN/../lib/npu' '$ORIGIN/../lib/npu' \
		"/usr/lib/$multiarch/openblas-pthread" | same - "$work/runpaths"
}

again_and_removed() {
	quietly install DESTDIR="$dest" PREFIX=/usr &&
		quietly uninstall DESTDIR="$dest" PREFIX=/usr &&
		listing "$dest" >"$work/after" && same "$work/before" "$work/after"
}

directories_of_ones_own() {
	quietly install DESTDIR="$work/own" PREFIX=/opt/npu libdir=/opt/npu/lib64 \
		mandir=/opt/man udevdir=/etc/udev/rules.d &&
		[ -e "$work/own/opt/npu/lib64/libnpu.so" ] &&
		[ -e "$work/own/opt/man/man1/npu-vm.1" ] &&
		[ -e "$work/own/etc/udev/rules.d/60-npu.rules" ] &&
		[ "$(realpath "$work/own/opt/npu/lib/npu/libnpu.so.0")" = \
			"$work/own/opt/npu/lib64/libnpu.so.$version" ] &&
		[ "$(find "$work/own" -mindepth 1 -maxdepth 2 | sort | tr '\n' ' ')" = \
			"$work/own/etc $work/own/etc/udev $work/own/opt $work/own/opt/man $work/own/opt/npu " ] &&
		quietly uninstall DESTDIR="$work/own" PREFIX=/opt/npu &&
		[ -z "$(ls -A "$work/own")" ]
}

for_guests_only() {
	quietly install-guest DESTDIR="$work/guest" PREFIX=/usr &&
		[ -e "$work/guest/usr/bin/npuctl" ] &&
		[ -e "$work/guest/usr/src/npu-$version/dkms.conf" ] &&
		[ ! -e "$work/guest/usr/bin/npu-vm" ] && [ ! -e "$work/guest/usr/lib/npu/kernel" ] &&
		quietly uninstall DESTDIR="$work/guest" PREFIX=/usr &&
		[ -z "$(ls -A "$work/guest")" ]
}

# What others put into a directory of ours stays, with the directory.
keeps_what_others_added() {
	quietly install-guest DESTDIR="$work/guest" PREFIX=/usr &&
		touch "$work/guest/usr/share/npu/models/mine.onnx" &&
		quietly uninstall DESTDIR="$work/guest" PREFIX=/usr &&
		[ "$(cd "$work/guest" && find . -type f)" = ./usr/share/npu/models/mine.onnx ]
}

# ---- What goes wrong -------------------------------------------------------

refuses() {
	_text=$1
	shift
	! quietly "$@" >"$work/out" 2>&1 && grep -q -e "$_text" "$work/out" ||
		{ cat "$work/out"; return 1; }
}

nothing_was_built() {
	mkdir -p "$work/bare"
	cp -r "$top/Makefile" "$top/VERSION" "$top/scripts" "$work/bare"
	refuses "is not built.*type: make" -C "$work/bare" install DESTDIR="$work/none" &&
		[ ! -e "$work/none" ]
}

relative_prefix() {
	refuses "no absolute path" install PREFIX=usr
}

nothing_to_remove() {
	refuses "nothing is installed in $work/none/usr" uninstall DESTDIR="$work/none" \
		PREFIX=/usr
}

directory_that_cannot_be_made() {
	touch "$work/file"
	refuses "cannot write to" install PREFIX="$work/file/usr"
}

# The newest change below the checkout is older than the first installation.
builds_nothing() {
	(cd "$top" && find npu.ko driver libnpu tools build/tools build/libnpu \
		build/selftests -newer "$work/before" -type f) >"$work/newer"
	cat "$work/newer"
	[ ! -s "$work/newer" ]
}

# ---- What runs -------------------------------------------------------------

# Somebody's own programs, into a directory that needs no rights.
install_at_home() {
	quietly install PREFIX="$home" &&
		has_everything "$home" "lib/$multiarch"
}

hidden="$top ${XDG_CACHE_HOME:-$HOME/.cache} $HOME/.cache"

# away COMMAND...: as on a machine that has no checkout and no cache.
away() {
	unshare --mount --map-root-user sh -euc '
		for dir in $1; do
			mkdir -p "$dir"
			mount -t tmpfs none "$dir"
		done
		shift
		cd /
		exec "$@"' away "$hidden" env -u XDG_CACHE_HOME PATH="$home/bin:$PATH" "$@"
}

checkout_is_out_of_sight() {
	# shellcheck disable=SC2086
	away ls -A $hidden >"$work/out" && ! grep -v ':$' "$work/out" | grep .
}

a_model_on_a_card() {
	away timeout 120 npu-vm -- npu-run digits >"$work/out" 2>"$work/err"
	cat "$work/out" "$work/err"
	grep -q '^digits: 353/360 correct on npu0' "$work/out"
}

state_and_guest_tests() {
	away timeout 120 npu-vm --card npu-x6000,hbm=256M -- \
		sh -c 'npuctl list && /run/npu/selftests/run npu_query' >"$work/out"
	cat "$work/out"
	grep -q '0000:01:00.0' "$work/out" && grep -q '^ok 5 ' "$work/out" &&
		! grep '^not ok' "$work/out"
}

command_lines_agree() {
	for program in npuctl npu-run npu-vm; do
		away "$program" --version | grep -E "^$program $version(,|\$)" || return 1
	done
}

what_is_missing_is_named() {
	mv "$home/libexec/npu/npu-agent" "$work"
	away npu-vm -- true >"$work/out" 2>&1
	mv "$work/npu-agent" "$home/libexec/npu"
	grep -q 'npu-vm: the guest.s agent is missing.*make install' "$work/out" ||
		{ cat "$work/out"; return 1; }
}

# The example of the quick start, with nothing but what pkg-config says.
program_of_ones_own() {
	mkdir -p "$work/share"
	PKG_CONFIG_PATH=$home/lib/$multiarch/pkgconfig
	export PKG_CONFIG_PATH
	# shellcheck disable=SC2046
	cc -Wall -Werror -o "$work/share/add" "$top/Documentation/examples/add-libnpu.c" \
		$(pkg-config --cflags --libs npu) -Wl,-rpath,/run/npu/lib &&
		[ "$(pkg-config --modversion npu)" = "$version" ] &&
		away timeout 120 npu-vm --share "$work/share" -- /mnt/share/add |
		diff - "$top/Documentation/examples/add-libnpu.out"
}

# ---- What the module says of itself ----------------------------------------

field() {
	modinfo -F "$1" "$top/npu.ko"
}

module_fields() {
	modinfo "$top/npu.ko"
	[ "$(field name)" = npu ] && [ "$(field version)" = "$version" ] &&
		[ "$(field license)" = GPL ] && [ -n "$(field description)" ] &&
		[ -n "$(field author)" ] && [ -n "$(field srcversion)" ] &&
		[ "$(field alias)" = 'pci:v00001AF4d000010F0sv*sd*bc*sc*i*' ] &&
		[ "$(field intree)" = "" ] &&
		field vermagic | grep -q "^$(cat "$top/build/kernel/release") "
}

dkms_file() {
	[ "$(kernel_source_dir=KERNEL dkms_tree=TREE bash -euc '. "$1"
		echo "$PACKAGE_NAME $PACKAGE_VERSION ${BUILT_MODULE_NAME[0]}: ${MAKE[0]}"' \
		dkms "$home/src/npu-$version/dkms.conf")" = \
		"npu $version npu: make -C KERNEL M=TREE/npu/$version/build modules" ]
}

manual_pages_agree() {
	for page in npuctl npu-run npu-vm; do
		grep -q "^\.TH .* \"npu $version\"" "$home/share/man/man1/$page.1" || return 1
	done
}

removed_from_home() {
	quietly uninstall PREFIX="$home" && [ ! -e "$home" ]
}

make_system
check "install: everything is in its place, with its rights" installs_everything
check "install: says what to type for the driver" says_what_to_type
check "install: all that is listed is there" owns_what_it_lists
check "install: nothing points to the checkout" names_no_checkout
check "uninstall: leaves nothing, after installing twice" again_and_removed
check "install: directories of one's own" directories_of_ones_own
check "install: what a guest needs, and no more" for_guests_only
check "uninstall: keeps what others added" keeps_what_others_added
check "wrong: nothing is built" nothing_was_built
check "wrong: PREFIX is relative" relative_prefix
check "wrong: nothing to uninstall" nothing_to_remove
check "wrong: a directory that cannot be made" directory_that_cannot_be_made
check "install: into a home" install_at_home
check "install: builds nothing" builds_nothing
check "away: checkout and cache are out of sight" checkout_is_out_of_sight
check "away: a model on a card" a_model_on_a_card
check "away: npuctl and the guest's tests" state_and_guest_tests
check "away: versions on the command lines" command_lines_agree
check "away: what is missing is named" what_is_missing_is_named
check "away: a program of one's own" program_of_ones_own
check "version: the module's fields" module_fields
check "version: dkms.conf" dkms_file
check "version: manual pages" manual_pages_agree
check "uninstall: leaves nothing in a home" removed_from_home
tap_end
