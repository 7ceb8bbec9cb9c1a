/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls made wrong in one place at a time.  A call is an ioctl that works; what has
 * been broken is put right again, and then it must still work.
 *
 * The functions return whether all was as expected; what was not they print.
 */
#ifndef NPU_ARGS_H
#define NPU_ARGS_H

#include "npu_test.h"

/**
 * struct npt_call - an ioctl that works
 * @name: for messages
 * @client: whose file it is; nothing of it and of its address space may change when
 *	the call is refused
 * @request: ioctl
 * @args: its structure
 * @undo: take back what it has done, so that it works again; NULL: nothing to do
 * @self: for @undo
 * @in_parts: without memory it may stop half-way, and what is done holds
 *
 * The kernel gives the lowest free number to what is created: a call repeated after
 * @undo makes the same again.
 */
struct npt_call {
	const char *name;
	const struct npt_client *client;
	unsigned long request;
	void *args;
	int (*undo)(void *self, const void *args);
	void *self;
	bool in_parts;
};

#define NPT_MAX_BAD	12

/**
 * struct npt_bad - what a field must not hold
 * @field: name
 * @at: where it is in its structure
 * @bytes: its width
 * @err: what the call answers
 * @bits: bits, each to be turned over alone
 * @count: entries of @value
 * @value: values
 */
struct npt_bad {
	const char *field;
	size_t at;
	size_t bytes;
	int err;
	uint64_t bits;
	unsigned int count;
	uint64_t value[NPT_MAX_BAD];
};

#define NPT_FIELD(type, member)                                   \
	.field = #member, .at = offsetof(struct type, member),    \
	.bytes = sizeof(((struct type *)0)->member)

#define NPT_BAD(type, member, error, ...)                         \
	{                                                         \
		NPT_FIELD(type, member), .err = (error),          \
		.count = sizeof((uint64_t[]){ __VA_ARGS__ }) / 8, \
		.value = { __VA_ARGS__ }                          \
	}

#define NPT_BAD_BITS(type, member, error, mask)                   \
	{                                                         \
		NPT_FIELD(type, member), .err = (error),          \
		.bits = (mask)                                    \
	}

/* Every value in the structure @part: the call's own, or one that it points to. */
bool npt_refuses(const struct npt_call *call, void *part, const struct npt_bad *bad,
		 unsigned int count);
/* Structures at addresses that are not there, not all there, or not to be written. */
bool npt_refuses_pointers(const struct npt_call *call);
/* Each allocation that it makes refused; only debug kernels can do that. */
bool npt_survives_no_memory(const struct npt_call *call);
/* A pointer inside a structure to something of that size that is read or written. */
bool npt_refuses_pointer(const struct npt_call *call, __u64 *pointer, size_t size);
/* Structures of every length: shorter ones end in zeros, longer ones in garbage. */
bool npt_knows_its_size(const struct npt_call *call);
/* Strides, counts and places of an array of elements of that size. */
bool npt_refuses_arrays(const struct npt_call *call, struct drm_npu_array *array,
			size_t size);

#endif
