#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Cards in an image of one's own, as Documentation/install.rst says: a Debian in which
# everything is installed, where DKMS and a plain make build the driver for the image's
# own kernel; it boots from a disk with its own initrd, and is left as it was when
# everything is uninstalled.  Needs root, for the tree.
#
# Tests are called by name.
# shellcheck disable=SC2317,SC2015,SC2016,SC2154
set -u
. "$(dirname "$0")/../../scripts/lib.sh"
. "$(dirname "$0")/../../scripts/debian.sh"
be_root "$0"
[ "${1-}" = mounting ] || exec unshare --mount sh "$0" mounting
# A gigabyte: not where temporary files may be in memory.
TMPDIR=$(cd "$(dirname "$0")/../../build" && pwd)
export TMPDIR
. "$(dirname "$0")/tap.sh"

version=$(cat "$top/VERSION")
image=$(cd "$top/build/debian" && pwd -P)
tree=$work/tree
disk=$work/disk
kernel=$(basename "$image"/lib/modules/*)

# Logs, caches and what DKMS keeps for all its modules may differ.
listing() {
	(cd "$tree" && find . \( -path ./var/log -o -path ./var/cache -o -path ./run \
		-o -path ./tmp -o -path './var/lib/dkms/mok.*' -o -name 'modules.*' \) \
		-prune -o -printf '%p %y %m %l\n' | sort)
}

inside() {
	enter "$tree" "$@"
}

# With the checkout and what its build/ points to in sight.
inside_with_checkout() {
	enter_sees="$top $cache" enter "$tree" "$@"
}

# What changes is kept apart from the image, where the file system can do that.
make_image() {
	mkdir "$tree" "$work/upper" "$work/work"
	trap 'umount -q "$tree"; rm -rf "$work"' EXIT
	mount -t overlay -o "lowerdir=$image,upperdir=$work/upper,workdir=$work/work" \
		overlay "$tree" 2>/dev/null || cp -a "$image/." "$tree"
	inside_with_checkout true
	listing >"$work/before"
}

# ---- Installing ------------------------------------------------------------

installs() {
	inside_with_checkout make -s -C "$top" install PREFIX=/usr
}

dkms_has_built_it() {
	inside dkms status npu
	inside dkms status npu | grep -q "^npu/$version, $kernel, x86_64: installed"
}

module_is_found() {
	inside modinfo -k "$kernel" npu
	[ "$(inside modinfo -k "$kernel" -F version npu)" = "$version" ] &&
		inside modinfo -k "$kernel" -F vermagic npu | grep -q "^$kernel " &&
		inside modinfo -k "$kernel" -n npu | grep -q /updates/dkms/npu.ko
}

# Only against the headers of the image: there is nothing else in it.
plain_make() {
	inside sh -euc 'cp -r "/usr/src/npu-$1" /tmp/npu
		make -C "/lib/modules/$2/build" M=/tmp/npu modules
		modinfo -F vermagic /tmp/npu/npu.ko | grep -q "^$2 "
		rm -r /tmp/npu' sh "$version" "$kernel"
}

library_is_found() {
	inside sh -c 'ldconfig -p | grep libnpu.so.0 && pkg-config --cflags --libs npu'
}

# The programs' packages are those of scripts/packages-run.txt.
npu_vm_boots_a_guest() {
	[ -z "$(find "$tree$top" "$tree$cache" -mindepth 1)" ] &&
		inside timeout 120 npu-vm -- npu-run digits >"$work/digits" &&
		grep -q '^digits: 353/360 correct on npu0' "$work/digits"
}

# ---- Booting ---------------------------------------------------------------

# What somebody would type in the guest; its verdicts leave by a port of their own.
add_service() {
	cat >"$tree/srv/try" <<-'END'
		#!/bin/sh
		exec 3>/dev/ttyS1
		try() {
			_name=$1
			shift
			if "$@"; then echo "ok $_name" >&3; else echo "not ok $_name" >&3; fi
		}
		as() {
			setpriv --reuid 65534 --regid "$1" --clear-groups npuctl list
		}
		udevadm settle
		try kernel [ "$(uname -r)" = "$(cat /srv/kernel)" ]
		try autoload grep -q '^npu ' /proc/modules
		try node [ "$(stat -c '%G %a' /dev/accel/accel0)" = "render 660" ]
		try npuctl sh -c 'npuctl list | grep 0000:01:00.0'
		try model npu-run digits
		try allowed as render
		try refused sh -c '! setpriv --reuid 65534 --regid 65534 --clear-groups npuctl list'
		try selftest /usr/libexec/npu/selftests/run npu_query
		try unload modprobe -r npu
		try load modprobe npu
		try again npu-run digits
		echo end >&3
		poweroff -f
	END
	echo "$kernel" >"$tree/srv/kernel"
	cat >"$tree/etc/systemd/system/try.service" <<-END
		[Service]
		ExecStart=/bin/sh /srv/try
		StandardOutput=journal+console
		[Install]
		WantedBy=multi-user.target
	END
	inside systemctl -q enable try
}

remove_service() {
	inside systemctl -q disable try
	rm "$tree/srv/try" "$tree/srv/kernel" "$tree/etc/systemd/system/try.service"
}

make_disk() {
	truncate -s 3G "$disk" && PATH=$PATH:/usr/sbin mke2fs -q -t ext4 -d "$tree" "$disk"
}

boots() {
	timeout 900 "$tree/usr/bin/qemu-system-x86_64-npu" -M q35 -cpu max -m 2G -no-reboot \
		-display none -serial file:"$work/console" -serial file:"$work/verdicts" \
		-kernel "$tree/boot/vmlinuz-$kernel" -initrd "$tree/boot/initrd.img-$kernel" \
		-append "root=/dev/vda rw console=ttyS0" \
		-drive file="$disk",format=raw,if=virtio \
		-device pcie-root-port,id=port0,chassis=1 \
		-device npu-x6000,bus=port0
	grep -q '^end' "$work/verdicts" || { tail -n 40 "$work/console"; return 1; }
}

said() {
	tr -d '\r' <"$work/verdicts" | grep -x "ok $1" || { tail -n 60 "$work/console"; return 1; }
}

# ---- Uninstalling ----------------------------------------------------------

leaves_nothing() {
	inside_with_checkout make -s -C "$top" uninstall PREFIX=/usr &&
		listing | diff "$work/before" - && [ -z "$(inside dkms status npu)" ]
}

make_image
check "install: PREFIX=/usr, in the image" installs
check "install: DKMS has built the driver for the image's kernel" dkms_has_built_it
check "install: the driver is found and says what it is" module_is_found
check "install: loader and pkg-config find the library" library_is_found
check "build: a plain make with the image's headers" plain_make
check "npu-vm: boots a guest without checkout and cache" npu_vm_boots_a_guest
add_service
check "boot: a disk with the image" make_disk
check "boot: with a card, from the disk" boots
remove_service
check "boot: the image's own kernel" said kernel
check "boot: the driver was loaded by itself" said autoload
check "boot: the node belongs to the group render" said node
check "boot: npuctl sees the card" said npuctl
check "boot: a model on the card" said model
check "boot: the group may use the card" said allowed
check "boot: others may not" said refused
check "boot: the installed tests" said selftest
check "boot: the driver is unloaded" said unload
check "boot: and loaded with modprobe" said load
check "boot: and works" said again
check "uninstall: the image is as it was" leaves_nothing
tap_end
