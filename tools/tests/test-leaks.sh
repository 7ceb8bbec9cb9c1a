#!/bin/sh
# SPDX-License-Identifier: MIT
#
# test-leaks.sh: what is left behind when the driver is loaded, does a job and is
# unloaded, and when the card is removed and found again: after 100 cycles of each the
# guest's slabs and QEMU's resident memory, threads and open files are within 1% of what
# they were after ten.  NPU_LEAK_CYCLES= for fewer.
#
# 1% hides small leaks, and so the objects of each slab and the blocks of each size from
# 128 bytes on in QEMU's heap (heap.c) are counted too: of none of them may there be one
# more in every second cycle.
#
# Functions are called by name.
# shellcheck disable=SC2317,SC2154,SC2012,SC2015
set -u
. "$(dirname "$0")/tap.sh"

cycles=${NPU_LEAK_CYCLES:-100}
first=10
patience=30 # seconds until what is freed later has to be free

# Only the driver is loaded anew, and not all of DRM with it, as modprobe -r would.
cat >"$work/guest.sh" <<'END'
wait_for_card() {
	until [ -c /dev/accel/accel0 ]; do
		sleep 0.02
	done
}

# A program of its own, which ends: nothing of it stays by right.
job() {
	wait_for_card
	/run/npu/selftests/npu_submit -t a_job_runs >/tmp/job 2>&1 || cat /tmp/job
}

reload() {
	rmmod npu && insmod /lib/modules/*/extra/npu.ko && job
}

replug() {
	echo 1 >"/sys/bus/pci/devices/$pci/remove"
	echo 1 >/sys/bus/pci/rescan
	job
}

cycle() {
	cycle=0
	while [ $cycle -lt "$2" ]; do
		cycle=$((cycle + 1))
		"$1"
	done
}

# Caches are not leaks: they are dropped.  How the free addresses of the kernel are split
# up (vmap_area) depends on every process that has begun since.
look() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	for shrink in /sys/kernel/slab/*/shrink; do
		echo 1 >"$shrink"
	done 2>/dev/null
	awk '/^(SReclaimable|SUnreclaim):/ { sum += $2 } END { print "total slabs", sum }
		' /proc/meminfo
	awk 'NR > 2 && $1 != "vmap_area" { print "slab", $1, $2 }' /proc/slabinfo
}

# What a driver waits for when it goes, it need not wait long for.
echo 1 >/sys/kernel/rcu_expedited
pci=$(basename "$(readlink -f /sys/class/accel/accel0/device)")
while read -r command; do
	$command
	echo "done"
done
END

# ask COMMAND...: let the guest do something, and print what it says.
ask() {
	echo "$*" >&3
	while read -r _line <&4; do
		[ "$_line" != "done" ] || return 0
		echo "$_line"
	done
	cat "$work/err"
	return 1
}

# Memory that the guest may use is resident from the beginning; of translated code there
# is never more than the boot makes; allocators keep nothing for each thread.  A slab that
# is debugged counts its objects exactly.
start_guest() {
	${CC:-cc} -O2 -shared -fPIC -o "$work/heap.so" "$tests/heap.c" || return 1
	strip --strip-debug -o "$work/npu.ko" "$top/npu.ko" || return 1
	: >"$work/heap"
	cat >"$work/qemu" <<END
#!/bin/sh
for arg; do
	shift
	case \$arg in
	console=*) set -- "\$@" "\$arg slub_debug=Z" ;;
	*,accel=tcg) set -- "\$@" "\${arg%,*}" -accel tcg,tb-size=32 ;;
	*) set -- "\$@" "\$arg" ;;
	esac
done
echo \$\$ >"$work/pid"
export G_SLICE=always-malloc MALLOC_ARENA_MAX=1
LD_PRELOAD=$work/heap.so NPU_HEAP=$work/heap exec "$top/build/qemu-system-x86_64-npu" "\$@"
END
	chmod +x "$work/qemu"
	mkfifo "$work/in" "$work/out"
	NPU_QEMU=$work/qemu NPU_MODULE=$work/npu.ko "$top/tools/npu-vm" --mem 256M \
		--card npu-x6000,memdev=hbm --timeout 800 --log "$work/log" \
		--qemu-arg -mem-prealloc --qemu-arg -object \
		--qemu-arg memory-backend-ram,id=hbm,size=64M,prealloc=on -- \
		sh -c "$(cat "$work/guest.sh")" <"$work/in" >"$work/out" 2>"$work/err" &
	vm=$!
	exec 3>"$work/in" 4<"$work/out"
	ask true
}

end_guest() {
	exec 3>&- 4<&-
	wait "$vm" || { cat "$work/err"; return 1; }
}

# look NAME: how much there is of everything, into NAME.
look() {
	_qemu=$(cat "$work/pid")
	printf '\1' | dd of="$work/heap" conv=notrunc 2>/dev/null
	{
		ask look || return 1
		sed -n 's/^VmRSS:\(.*\)kB/total resident \1/p' "/proc/$_qemu/status"
		echo "total threads $(ls "/proc/$_qemu/task" | wc -l)"
		echo "total files $(ls "/proc/$_qemu/fd" | wc -l)"
		od -An -v -w8 -t d8 "$work/heap" |
			awk '{ print "heap", NR - 1, $1 }'
	} >"$work/$1"
}

# totals_grown NAME: what there is more than 1% more of than there was.
totals_grown() {
	awk -v name="$1" '
		$1 != "total" || $2 != name { next }
		FNR == NR { before = $3; next }
		{ now = $3 }
		now > before * 1.01 { print before ", then " now }
		END { if (!before || !now) print "unknown" }' "$work/before" "$work/now"
}

# slabs_grown: which have one more object in every second cycle.
slabs_grown() {
	awk -v more=$(((cycles - first) / 2)) '
		$1 != "slab" { next }
		FNR == NR { before[$2] = $3; next }
		{ seen = 1 }
		$3 > before[$2] + more { print $2 ": " before[$2] + 0 ", then " $3 }
		END { if (!seen) print "unknown" }' "$work/before" "$work/now"
}

# heap_grown: likewise.  One block may be 16 bytes larger than another of the same kind:
# two sizes are one kind, unless what they have more their neighbours have less.
heap_grown() {
	awk -v more=$(((cycles - first) / 2)) '
		$1 != "heap" { next }
		FNR == NR { before[$2] = $3; last = $2; next }
		{ grown[$2] = $3 - before[$2] }
		END {
			if (!last || !(last in grown))
				print "unknown"
			for (i = 8; i <= last; i++) {
				sum = grown[i] + grown[i + 1]
				if (sum > more && grown[i - 1] + sum + grown[i + 2] > more)
					print 16 * i " bytes: " sum " blocks more"
			}
		}' "$work/before" "$work/now"
}

# stays COMMAND...: it finds nothing, at last.
stays() {
	_end=$(($(date +%s) + patience))
	[ -s "$work/before" ] || return 1
	while "$@" >"$work/grown" && [ -s "$work/grown" ]; do
		[ "$(date +%s)" -lt "$_end" ] && look now || { cat "$work/grown"; return 1; }
	done
}

# no_leak COMMAND...: a leak goes on; what has grown once may not grow again in as many
# cycles.
no_leak() {
	stays "$@" >"$work/once" && return
	mv "$work/now" "$work/before"
	run_cycles "$kind" $((cycles - first)) && look now || { cat "$work/once"; return 1; }
	stays "$@"
}

# run_cycles KIND NUMBER: without a word.
run_cycles() {
	ask cycle "$@" >"$work/said" && [ ! -s "$work/said" ] && return
	cat "$work/said"
	return 1
}

check "the guest starts" start_guest
[ "$tap_failed" = 0 ] || tap_end
for kind in reload replug; do
	check "$kind: the first $first cycles" run_cycles $kind $first
	look before
	check "$kind: the other cycles" run_cycles $kind $((cycles - first))
	look now
	check "$kind: the guest's slabs are within 1%" stays totals_grown slabs
	check "$kind: QEMU's resident memory is within 1%" stays totals_grown resident
	check "$kind: QEMU's threads are within 1%" stays totals_grown threads
	check "$kind: QEMU's open files are within 1%" stays totals_grown files
	check "$kind: no slab has more objects" no_leak slabs_grown
	check "$kind: QEMU's heap has no more blocks of a size" no_leak heap_grown
done
check "the guest ends" end_guest
tap_end
