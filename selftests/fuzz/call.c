// SPDX-License-Identifier: GPL-2.0-only
/* Making a call, and judging the answer. */
#include <errno.h>
#include <linux/ioctl.h>
#include <string.h>

#include "fuzz.h"

/* As large as any ioctl can say that its argument is. */
#define MAX_ARGUMENT	(1u << _IOC_SIZEBITS)

static unsigned int pick_call(struct fuzz_worker *worker)
{
	unsigned int i, total = 0, at;

	for (i = 0; i < fuzz_call_count; i++)
		total += fuzz_calls[i].weight;
	at = fuzz_below(worker, total);
	for (i = 0; at >= fuzz_calls[i].weight; i++)
		at -= fuzz_calls[i].weight;
	return i;
}

/* One field is wrong more often than several: only then must the call fail. */
static void tamper_some(struct fuzz_worker *worker, const struct fuzz_call *call,
			void *data)
{
	unsigned int i, count = 1;

	if (fuzz_below(worker, 3))
		return;
	if (fuzz_one_in(worker, 4))
		count += fuzz_below(worker, 3);
	for (i = 0; i < count; i++)
		fuzz_tamper(worker, call->shape, data);
	if (count > 1)
		worker->must_fail = false;
}

/*
 * An older or a newer program has shorter or longer structures.  What the kernel does
 * not see is zero for it, pointers too.
 */
static unsigned long resize(struct fuzz_worker *worker, unsigned long request)
{
	unsigned int size = _IOC_SIZE(request) + fuzz_below(worker, 33) - 16;

	if (fuzz_one_in(worker, 4))
		size = fuzz_below(worker, MAX_ARGUMENT);
	worker->must_fail = false;
	worker->may_fault = true;
	return _IOC(_IOC_DIR(request), _IOC_TYPE(request), _IOC_NR(request),
		    size % MAX_ARGUMENT);
}

static bool is_documented(const struct fuzz_call *call, int err)
{
	unsigned int i;

	if (err == -EINTR)
		return true;
	for (i = 0; i < FUZZ_ERRNOS; i++)
		if (call->errnos[i] && call->errnos[i] == -err)
			return true;
	return false;
}

static void judge(struct fuzz_worker *worker, const struct fuzz_call *call,
		  int err)
{
	if (!err && worker->must_fail)
		fuzz_fail(worker, "%s took what must be zero", call->name);
	else if (err == -EFAULT && !worker->may_fault)
		fuzz_fail(worker, "%s: -EFAULT, and all pointers were good",
			  call->name);
	else if (err && err != -EFAULT && !is_documented(call, err))
		fuzz_fail(worker, "%s: errno %d, which it should not answer",
			  call->name, -err);
}

void fuzz_call(struct fuzz_worker *worker)
{
	unsigned int index = pick_call(worker);
	const struct fuzz_call *call = &fuzz_calls[index];
	unsigned int file_index = fuzz_below(worker, FUZZ_FILES);
	struct fuzz_file *file = &worker->fuzz->files[file_index];
	void *data = fuzz_alloc(worker, MAX_ARGUMENT);
	unsigned long request = call->request;
	struct fuzz_record *record;
	int err;

	call->fill(worker, file, data);
	tamper_some(worker, call, data);
	if (fuzz_one_in(worker, 32))
		request = resize(worker, request);
	record = fuzz_note(worker, call->name, file_index, data,
			   _IOC_SIZE(call->request));
	err = npt_ioctl(file->fd, request, data);
	record->result = err;
	worker->counts[index][!!err]++;
	judge(worker, call, err);
	if (!err && call->done && request == call->request)
		call->done(worker, file, data);
}
