# SPDX-License-Identifier: MIT
#
# Everything from here; `make help` lists the targets.  Each directory's Makefile
# also works by itself.  What takes minutes (QEMU, the guest's kernel) is kept in
# ${XDG_CACHE_HOME:-~/.cache}/npu and shared by all checkouts.

ifneq ($(words $(CURDIR)),1)
$(error the path of this directory has a space, which Kbuild cannot take: move it)
endif

TOP  := $(CURDIR)
JOBS ?= $(shell nproc)

# Kernel headers to build the driver with; by default those of the guest's kernel.
KDIR ?= $(TOP)/build/kernel/headers

.DEFAULT_GOAL := all
MAKEFLAGS     += --no-print-directory

## all: build QEMU with the card, the driver, the library, the tools, the guest's tests
all: qemu modules lib tools selftests

## demo: install what is missing, build, and run a model on a card in a VM
demo:
	@scripts/demo

## check: install what is missing, build, and run every test
check:
	@scripts/check

## bench [B=names] [REPS=n]: measure the card against what it is compared with
bench: modules vm-tools
	@scripts/bench $(if $(REPS),--reps $(REPS)) $(B)

## kselftest T=name: rebuild the driver and run one guest test in a VM
kselftest: modules lib selftests vm-tools
	@scripts/run-kselftest $(T)

# Which of scripts/packages-*.txt.
DEPS ?= build qemu test

## deps: install the Debian packages that are missing
deps:
ifndef NODEPS
	@scripts/install-deps $(DEPS)
endif

## qemu: QEMU with the card in it
qemu:
	@scripts/build-qemu

## qemu-asan: QEMU with sanitizers, for tests that need no guest
qemu-asan:
	@scripts/build-qemu --asan

## hostile [T=cases]: guests that mean harm, against both; see Documentation/testing.rst
hostile: qemu qemu-asan
	@$(MAKE) -C qemu-device/tests/qtest hostile

## kernel: the guest's kernel and its headers
kernel:
	@scripts/fetch-kernel

## modules [KDIR=dir]: the driver, npu.ko, for the guest's kernel or for KDIR
modules: $(if $(filter $(TOP)/build/kernel/%,$(KDIR)),kernel)
	@test -e $(KDIR)/Makefile || { echo "make: no kernel headers in $(KDIR);" \
		"give KDIR=/lib/modules/RELEASE/build" >&2; exit 1; }
	$(MAKE) -C $(KDIR) M=$(TOP) -j$(JOBS) modules

## lib: libnpu
lib:
	$(MAKE) -C libnpu -j$(JOBS)

## tools: npuctl, npu-run and npu-vm
tools: lib
	$(MAKE) -C tools -j$(JOBS)

## selftests: the tests that run in the guest
selftests: kselftest-headers lib
	$(MAKE) -C selftests -j$(JOBS) \
		KSELFTEST_INCLUDE=$(TOP)/build/linux-source/tools/testing/selftests

# All that the tests are made of.
tests: lib selftests
	-@scripts/fetch-root
	$(MAKE) -C tools -j$(JOBS) tests
	$(MAKE) -C qemu-device/tests -j$(JOBS)
	$(MAKE) -C qemu-device/tests/qtest -j$(JOBS)

# What a VM needs beside the driver.
vm-tools: qemu kernel tools

# kselftest.h, kselftest_harness.h and checkpatch, into build/linux-source.
kselftest-headers:
	@scripts/fetch-linux-source

# Where things go.  Programs find what they need relative to themselves, and so the
# rest of PREFIX is as it is.  srcdir is where DKMS looks.
PREFIX	   ?= /usr/local
INSTALL	   ?= install
libdir	   ?= $(PREFIX)/lib/$(shell $(CC) -print-multiarch)
includedir ?= $(PREFIX)/include
mandir	   ?= $(PREFIX)/share/man
udevdir	   ?= $(PREFIX)/lib/udev/rules.d
srcdir	   ?= $(if $(filter /usr /usr/local,$(PREFIX)),/usr,$(PREFIX))/src

install_vars = DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' INSTALL='$(INSTALL)' \
	libdir='$(libdir)' includedir='$(includedir)' mandir='$(mandir)' \
	udevdir='$(udevdir)' srcdir='$(srcdir)'

## install: put all of it into PREFIX, /usr/local; DESTDIR= goes in front
install:
	@$(install_vars) scripts/install all

## install-guest: likewise, only what a machine with a card needs
install-guest:
	@$(install_vars) scripts/install guest

## uninstall: remove what was installed, with the same variables
uninstall:
	@$(install_vars) scripts/install remove

## check-image: the driver in a Debian that boots from a disk with a card, as root
check-image:
	@scripts/fetch-debian
	@scripts/run-suite own-image 1800 sh tools/tests/own-image.sh

## check-debian [RELEASE=]: build everything in a bare Debian, trixie if not said
check-debian:
	@scripts/check-debian $(RELEASE)

## debug-kernel: a kernel with KASAN, lockdep, kmemleak and fault injection
debug-kernel:
	@$(MAKE) deps DEPS="build debug"
	@scripts/build-debug-kernel

## check-debug [T=name]: the guest tests on that kernel; takes half an hour
check-debug: lib selftests vm-tools debug-kernel
	@scripts/check-debug $(T)

## lint [T=check]: W=1, sparse, checkpatch, kernel-doc, clang-format, cppcheck, shellcheck
lint: kernel kselftest-headers
	@$(MAKE) deps DEPS=lint
	@scripts/lint $(KDIR) $(T)

## docs: the manuals, in build/docs/html
docs: kernel
	@$(MAKE) deps DEPS=docs
	@scripts/docs
	@echo "build/docs/html/index.html"

## clean: remove what was built here; the cache stays
clean:
	-$(MAKE) -C tools clean
	-$(MAKE) -C libnpu clean
	-$(MAKE) -C selftests clean
	-$(MAKE) -C qemu-device/tests clean
	if [ -e $(KDIR)/Makefile ]; then $(MAKE) -C $(KDIR) M=$(TOP) clean; fi
	rm -rf build

## help: this list
help:
	@sed -n 's/^## \([^:]*\): \(.*\)/  \1|\2/p' $(firstword $(MAKEFILE_LIST)) | \
		awk -F'|' '{ printf "%-26s %s\n", $$1, $$2 }'
	@echo
	@echo "Variables: JOBS=n (compile jobs), NODEPS=1 (install nothing)," \
		"XDG_CACHE_HOME=dir"

.PHONY: all demo check bench kselftest deps qemu qemu-asan hostile kernel modules lib \
	tools selftests tests vm-tools install install-guest uninstall check-image check-debian \
	kselftest-headers debug-kernel check-debug lint docs clean help
