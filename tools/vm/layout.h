/* SPDX-License-Identifier: MIT */
/* Where the pieces of a VM are: in a built tree or an installed one. */
#ifndef VM_LAYOUT_H
#define VM_LAYOUT_H

enum vm_piece {
	VM_PIECE_QEMU,
	VM_PIECE_KERNEL, /* a directory as scripts/fetch-kernel makes it */
	VM_PIECE_AGENT,
	VM_PIECE_BUSYBOX,
	VM_PIECE_MODULE,
	VM_PIECE_LIBRARIES, /* a directory with libnpu */
	VM_PIECE_NPUCTL,
	VM_PIECE_NPU_RUN,
	VM_PIECE_NPU_BENCH,
	VM_PIECE_MODELS,    /* a directory */
	VM_PIECE_SELFTESTS, /* a directory */
};

/* The path of a piece, or the end with a line that says how to get it. */
const char *vm_need(enum vm_piece piece);
/* The same, but NULL if it is not there. */
const char *vm_find(enum vm_piece piece);

/* ${XDG_CACHE_HOME:-~/.cache}/npu, made if need be. */
const char *vm_cache_dir(void);

#endif
