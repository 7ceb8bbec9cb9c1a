// SPDX-License-Identifier: MIT
/* Errors: a negative errno, and a text of each thread with the detail. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

static __thread char last_error[512];

const char *npu_last_error(void)
{
	return last_error;
}

int npu_fail(int err, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(last_error, sizeof(last_error), format, ap);
	va_end(ap);
	return err;
}

/* Where the library means something more exact than the C library's text. */
static const struct {
	int err;
	const char *text;
} texts[] = {
	{ 0, "success" },
	{ ENODEV, "there is no such card, or it is gone" },
	{ EACCES, "no permission to use the card" },
	{ EIO, "the card does not work" },
	{ ENOSPC, "no room left in the memory that was asked for" },
	{ ETIME, "the time to wait is over" },
	{ ETIMEDOUT, "the job executed for too long" },
	{ ECANCELED, "the job was cancelled, or its queue is banned" },
	{ EFAULT, "the program used an address that is not mapped" },
	{ EOPNOTSUPP, "not built yet" },
};

const char *npu_strerror(int err)
{
	const char *text;
	unsigned int i;

	if (err < 0)
		err = -err;
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		if (texts[i].err == err)
			return texts[i].text;
	}
	text = strerrordesc_np(err);
	return text ? text : "unknown error";
}

static const struct {
	const char *name;
	const char *text;
} codes[] = {
#define CODE(name, number, err, text) [number] = { #name, text },
	NPU_ERROR_TABLE(CODE)
#undef CODE
};

_Static_assert(ARRAY_SIZE(codes) == NPU_ERR_COUNT, "every error code has a row");

const char *npu_error_name(uint32_t code)
{
	return code < NPU_ERR_COUNT ? codes[code].name : "UNKNOWN";
}

const char *npu_error_text(uint32_t code)
{
	return code < NPU_ERR_COUNT ? codes[code].text :
				      "error that this library does not know";
}

static const char *const ban_texts[] = {
	[DRM_NPU_BAN_NONE] = "no reason",
	[DRM_NPU_BAN_FAULT] = "a failure",
	[DRM_NPU_BAN_TIMEOUT] = "executing for too long",
	[DRM_NPU_BAN_RESET] = "a reset of the card",
	[DRM_NPU_BAN_UNPLUGGED] = "the card being gone",
};

/* A line that is put together piece by piece; what does not fit is cut off. */
struct line {
	char text[sizeof(last_error)];
	size_t used;
};

static void line_add(struct line *line, const char *format, ...) NPU_PRINTF(2, 3);

static void line_add(struct line *line, const char *format, ...)
{
	size_t room = sizeof(line->text) - line->used;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(line->text + line->used, room, format, ap);
	va_end(ap);
	if (n > 0)
		line->used += (size_t)n < room ? (size_t)n : room - 1;
}

static bool is_memory_error(uint32_t code)
{
	return code == NPU_ERR_PAGE_FAULT || code == NPU_ERR_WRITE_FAULT ||
	       code == NPU_ERR_PAGE_TABLE || code == NPU_ERR_DMA ||
	       code == NPU_ERR_MEMORY;
}

static void line_add_record(struct line *line,
			    const struct drm_npu_queue_get_state *state)
{
	line_add(line, "%s (%s)", npu_error_name(state->error_code),
		 npu_error_text(state->error_code));
	if (state->error_insn != NPU_ERROR_NO_INSN)
		line_add(line, ", instruction %" PRIu32, state->error_insn);
	if (state->error_operand != NPU_NONE)
		line_add(line, ", operand %u", state->error_operand);
	if (is_memory_error(state->error_code))
		line_add(line, ", address 0x%" PRIx64, (uint64_t)state->error_address);
	if (state->error_die != NPU_NONE)
		line_add(line, ", die %u", state->error_die);
}

/* A timeout has an errno of its own: -ETIME is that of a wait that gave up. */
static int job_errno(const struct drm_npu_queue_get_state *state)
{
	switch (state->ban_reason) {
	case DRM_NPU_BAN_TIMEOUT:
		return -ETIMEDOUT;
	case DRM_NPU_BAN_UNPLUGGED:
		return -ENODEV;
	default:
		return state->error_errno ? -(int)state->error_errno : -EIO;
	}
}

/* The job at fault if it is known, what became of it, and the error record. */
static void line_add_reason(struct line *line,
			    const struct drm_npu_queue_get_state *state)
{
	uint32_t reason = state->ban_reason;

	if (reason >= ARRAY_SIZE(ban_texts))
		reason = DRM_NPU_BAN_FAULT;
	if (state->error_cookie)
		line_add(line, "job %" PRIu64 ": ", (uint64_t)state->error_cookie);
	line_add(line, "%s", ban_texts[reason]);
	if (state->error_code != NPU_ERR_NONE) {
		line_add(line, ": ");
		line_add_record(line, state);
	}
}

int npu_fail_job(uint64_t job, const struct drm_npu_queue_get_state *state)
{
	bool cancelled = state->error_cookie && job > state->error_cookie;
	struct line line = { .used = 0 };

	if (cancelled)
		line_add(&line, "job %" PRIu64 " was cancelled because of ", job);
	else if (!state->error_cookie)
		line_add(&line, "job %" PRIu64 ": ", job);
	line_add_reason(&line, state);
	return npu_fail(cancelled ? -ECANCELED : job_errno(state), "%s", line.text);
}

int npu_fail_banned(uint32_t queue, const struct drm_npu_queue_get_state *state)
{
	struct line line = { .used = 0 };

	line_add(&line, "queue %" PRIu32 " is banned because of ", queue);
	line_add_reason(&line, state);
	return npu_fail(-ECANCELED, "%s", line.text);
}
