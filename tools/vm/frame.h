/* SPDX-License-Identifier: MIT */
/*
 * Frames between npu-vm and the agent in its guest, over a virtio-serial port:
 * a command and its input go in, its output and status come out.
 */
#ifndef VM_FRAME_H
#define VM_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VM_PORT "npu.agent"

/*
 * Words of the kernel command line that the agent reads.  npu.command is the
 * command with its arguments percent-encoded and separated by commas; it and
 * npu.console are for a QEMU that was started by hand, without npu-vm.
 */
#define VM_ARG_ROOT    "npu.root"    /* =ro, =rw: boot the 9p tag VM_TAG_ROOT */
#define VM_ARG_SHARE   "npu.share"   /* mount the 9p tag VM_TAG_SHARE */
#define VM_ARG_CONSOLE "npu.console" /* talk to the console, not to the port */
#define VM_ARG_COMMAND "npu.command"
#define VM_TAG_ROOT    "npu.root"
#define VM_TAG_SHARE   "npu.share"
#define VM_SHARE_POINT "/mnt/share"

/* Where the initramfs holds what comes along into every root. */
#define VM_HOME	      "/run/npu"
#define VM_BIN	      VM_HOME "/bin"	 /* on the PATH: links to the agent */
#define VM_LIBEXEC    VM_HOME "/libexec" /* the programs themselves */
#define VM_LIB	      VM_HOME "/lib"	 /* their libraries */
#define VM_LOADER     VM_LIB "/ld.so"
#define VM_AGENT      VM_HOME "/agent"
#define VM_SELFTESTS  VM_HOME "/selftests"
#define VM_SHARE_DATA VM_HOME "/share"
#define VM_MODULES    VM_LIB "/modules"	 /* RELEASE/, as in /lib/modules */
#define VM_LOAD_9P    VM_HOME "/load-9p" /* modules in the order of loading */
#define VM_LOAD_NPU   VM_HOME "/load-npu"

#define VM_DATA_MAX  65536u
#define VM_FRAME_MAX (4 * VM_DATA_MAX)

/**
 * enum vm_frame_type - what a frame carries
 * @VM_RUN: to the guest: struct vm_run and its strings
 * @VM_STDIN: to the guest: bytes for the command
 * @VM_STDIN_END: to the guest: no more of them
 * @VM_WINSIZE: to the guest: struct vm_winsize
 * @VM_BYE: to the guest: the status has arrived, power off
 * @VM_READY: from the guest: the agent is up
 * @VM_STDOUT: from the guest: bytes of the command
 * @VM_STDERR: from the guest: bytes of the command
 * @VM_EXIT: from the guest: the status of the command, as a shell has it
 * @VM_FAILED: from the guest: why it cannot run a command, as text
 */
enum vm_frame_type {
	VM_RUN = 1,
	VM_STDIN,
	VM_STDIN_END,
	VM_WINSIZE,
	VM_BYE,
	VM_READY = 16,
	VM_STDOUT,
	VM_STDERR,
	VM_EXIT,
	VM_FAILED,
};

struct vm_winsize {
	uint16_t rows;
	uint16_t columns;
};

/* Then argc strings (0: a shell) and the value of TERM, each with its NUL. */
struct vm_run {
	uint32_t argc;
	uint32_t tty;
	struct vm_winsize size;
};

struct vm_frame {
	uint32_t type;
	uint32_t size;
	const unsigned char *data;
};

/* What has been read and not yet taken. */
struct vm_reader {
	size_t start, end;
	unsigned char bytes[VM_FRAME_MAX];
};

/* What has been put and not yet written. */
struct vm_writer {
	size_t start, end;
	unsigned char bytes[VM_FRAME_MAX];
};

/* Read once.  False: the other end is gone. */
bool vm_read(struct vm_reader *r, int fd);

/*
 * Take the next whole frame; its data is good until the next call.  1: there is
 * one; 0: not yet; -1: the other end talks nonsense.
 */
int vm_next(struct vm_reader *r, struct vm_frame *frame);

/* Room for a frame with VM_DATA_MAX bytes?  Callers read sources only then. */
bool vm_has_room(const struct vm_writer *w);
bool vm_put(struct vm_writer *w, uint32_t type, const void *data, size_t size);

static inline bool vm_pending(const struct vm_writer *w)
{
	return w->start < w->end;
}

/* Write what the other end takes now.  False: it is gone. */
bool vm_flush(struct vm_writer *w, int fd);

#endif
