/* SPDX-License-Identifier: MIT */
/* What the tests share. */
#ifndef TEST_H
#define TEST_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "internal.h"

#define EXTENT(...) ((const uint64_t[]){ __VA_ARGS__ })
#define STRIDE(...) ((const int64_t[]){ __VA_ARGS__ })

#define assert_text_has(text, part)                                      \
	do {                                                             \
		if (!strstr(text, part))                                 \
			fail_msg("\"%s\" is not in \"%s\"", part, text); \
	} while (0)

static inline struct npu_program *new_program(void)
{
	struct npu_program *prog;

	assert_int_equal(npu_program_new(NULL, &prog), 0);
	return prog;
}

/* A dense tensor with a base of its own. */
static inline npu_tensor_id tensor_of(struct npu_program *prog, uint32_t dtype,
				      unsigned int rank, const uint64_t *extent)
{
	npu_tensor_id t = npu_tensor(prog, npu_base(prog), 0, dtype, rank, extent);

	assert_true(t >= 0);
	return t;
}

#define TENSOR(prog, dtype, ...) \
	tensor_of(prog, dtype, ARRAY_SIZE(EXTENT(__VA_ARGS__)), EXTENT(__VA_ARGS__))

#endif
