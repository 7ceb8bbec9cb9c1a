// SPDX-License-Identifier: GPL-2.0-only
/* The machinery that breaks calls: see npu_args.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "npu_args.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define MAX_SIZE	_IOC_SIZEMASK
#define GARBAGE		0xee

/* ---- What may not change ------------------------------------------------- */

/**
 * struct account - what a client has
 * @fdinfo: buffers, queues and jobs of the file
 * @hbm: bytes of HBM in use, page tables included
 * @vm: address space
 */
struct account {
	char fdinfo[2048];
	uint64_t hbm;
	struct drm_npu_vm_get_state vm;
};

static void account_take(const struct npt_client *client, struct account *account)
{
	memset(account, 0, sizeof(*account));
	npt_fdinfo_read(client->fd, account->fdinfo, sizeof(account->fdinfo));
	account->hbm = npt_hbm_used(client->fd);
	npt_vm_state(client->fd, client->vm, &account->vm);
}

struct account_wait {
	const struct npt_client *client;
	const struct account *before;
	struct account now;
};

static bool account_is_back(void *arg)
{
	struct account_wait *wait = arg;

	account_take(wait->client, &wait->now);
	return !memcmp(wait->before, &wait->now, sizeof(wait->now));
}

static bool account_same(const struct npt_client *client, const struct account *before)
{
	struct account_wait wait = { .client = client, .before = before };

	/* The last free may be a worker's. */
	if (npt_until(account_is_back, &wait, NPT_LIMIT_MS))
		return true;
	fprintf(stderr, "# hbm %llu, mapped %llu, tables %llu\n# were %llu, %llu, %llu\n",
		(unsigned long long)wait.now.hbm, (unsigned long long)wait.now.vm.mapped,
		(unsigned long long)wait.now.vm.page_table_bytes,
		(unsigned long long)before->hbm, (unsigned long long)before->vm.mapped,
		(unsigned long long)before->vm.page_table_bytes);
	if (strcmp(before->fdinfo, wait.now.fdinfo))
		fprintf(stderr, "# fdinfo\n%s# was\n%s", wait.now.fdinfo, before->fdinfo);
	return false;
}

/* ---- One call ------------------------------------------------------------ */

static size_t call_size(const struct npt_call *call)
{
	return _IOC_SIZE(call->request);
}

static unsigned long request_of_size(const struct npt_call *call, size_t size)
{
	return (call->request & ~((unsigned long)_IOC_SIZEMASK << _IOC_SIZESHIFT)) |
	       size << _IOC_SIZESHIFT;
}

static int undo(const struct npt_call *call, const void *args)
{
	int err = call->undo ? call->undo(call->self, args) : 0;

	if (err)
		fprintf(stderr, "# %s: cannot be taken back: %d\n", call->name, err);
	return err;
}

/* In a copy, which keeps the answer. */
static int attempt(const struct npt_call *call, void *copy)
{
	memcpy(copy, call->args, call_size(call));
	return npt_ioctl(call->client->fd, call->request, copy);
}

static bool works(const struct npt_call *call)
{
	char copy[MAX_SIZE];
	int err = attempt(call, copy);

	if (!err)
		return !undo(call, copy);
	fprintf(stderr, "# %s: does not work any more: %d\n", call->name, err);
	return false;
}

/* The call as it now stands ends with that errno, and leaves everything alone. */
static bool fails(const struct npt_call *call, int expected, const char *what,
		  uint64_t value)
{
	struct account before;
	char copy[MAX_SIZE];
	int err;

	account_take(call->client, &before);
	err = attempt(call, copy);
	if (err == expected && account_same(call->client, &before))
		return true;
	fprintf(stderr, "# %s: %s = 0x%llx: %d, expected %d\n", call->name, what,
		(unsigned long long)value, err, expected);
	if (!err)
		undo(call, copy);
	return false;
}

/* ---- Values -------------------------------------------------------------- */

static bool refuses_value(const struct npt_call *call, void *field,
			  const struct npt_bad *bad, uint64_t value)
{
	memcpy(field, &value, bad->bytes);
	return fails(call, bad->err, bad->field, value);
}

static bool refuses_field(const struct npt_call *call, void *part,
			  const struct npt_bad *bad)
{
	void *field = (char *)part + bad->at;
	uint64_t good = 0;
	bool fine = true;
	unsigned int i;

	memcpy(&good, field, bad->bytes);
	for (i = 0; i < bad->count; i++)
		fine &= refuses_value(call, field, bad, bad->value[i]);
	for (i = 0; i < 8 * bad->bytes; i++)
		if (bad->bits >> i & 1)
			fine &= refuses_value(call, field, bad, good ^ 1ull << i);
	memcpy(field, &good, bad->bytes);
	return works(call) && fine;
}

bool npt_refuses(const struct npt_call *call, void *part, const struct npt_bad *bad,
		 unsigned int count)
{
	bool fine = works(call);
	unsigned int i;

	for (i = 0; i < count; i++)
		fine &= refuses_field(call, part, &bad[i]);
	return fine;
}

/* ---- Pointers ------------------------------------------------------------ */

/**
 * struct land - two pages, and a third that is not there
 * @start: first byte
 * @end: first byte that is not there
 */
struct land {
	char *start;
	char *end;
};

static bool land_take(struct land *land)
{
	land->start = mmap(NULL, 3 * NPT_PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (land->start == MAP_FAILED)
		return false;
	land->end = land->start + 2 * NPT_PAGE;
	return !munmap(land->end, NPT_PAGE);
}

static void land_give_back(struct land *land)
{
	munmap(land->start, 2 * NPT_PAGE);
}

/* Nowhere, somebody else's, no address at all, and the end of the world. */
static const uint64_t nowhere[] = {
	0,
	8,
	0xffff888000000000,
	0x8000000000000000,
	0x00007ffffffff000,
	-4096ull,
	-1ull,
};

/* The structure at that address, before anything is done. */
static bool faults_at(const struct npt_call *call, void *at)
{
	struct account before;
	int err;

	account_take(call->client, &before);
	err = npt_ioctl(call->client->fd, call->request, at);
	if (err == -EFAULT && account_same(call->client, &before))
		return true;
	fprintf(stderr, "# %s: structure at %p: %d\n", call->name, at, err);
	return false;
}

static bool works_at(const struct npt_call *call, void *at)
{
	int err;

	memcpy(at, call->args, call_size(call));
	err = npt_ioctl(call->client->fd, call->request, at);
	if (!err)
		return !undo(call, at);
	fprintf(stderr, "# %s: structure at %p: %d\n", call->name, at, err);
	return false;
}

/* What is done is done before the answer is: it can be taken back like any other. */
static bool answers_nowhere(const struct npt_call *call, const struct land *land)
{
	char copy[MAX_SIZE];
	int err = attempt(call, copy);

	if (err || undo(call, copy))
		return false;
	memcpy(land->start, call->args, call_size(call));
	mprotect(land->start, NPT_PAGE, PROT_READ);
	err = npt_ioctl(call->client->fd, call->request, land->start);
	mprotect(land->start, NPT_PAGE, PROT_READ | PROT_WRITE);
	if (err == -EFAULT)
		return !undo(call, copy);
	fprintf(stderr, "# %s: read-only structure: %d\n", call->name, err);
	return false;
}

bool npt_refuses_pointers(const struct npt_call *call)
{
	size_t size = call_size(call);
	struct land land;
	bool fine = true;
	unsigned int i;

	if (!land_take(&land))
		return false;
	for (i = 0; i < ARRAY_SIZE(nowhere); i++)
		fine &= faults_at(call, (void *)nowhere[i]);
	memcpy(land.end - size + 1, call->args, size - 1);
	fine &= faults_at(call, land.end - size + 1);
	fine &= faults_at(call, land.end - 1);
	fine &= works_at(call, land.end - size);
	fine &= works_at(call, land.start + NPT_PAGE - size / 2);
	if (_IOC_DIR(call->request) & _IOC_READ)
		fine &= answers_nowhere(call, &land);
	fine &= works(call);
	land_give_back(&land);
	return fine;
}

bool npt_refuses_pointer(const struct npt_call *call, __u64 *pointer, size_t size)
{
	const uint64_t good = *pointer;
	bool fine = true;
	struct land land;
	unsigned int i;

	if (!land_take(&land))
		return false;
	/* The first one asks for something else where it is allowed. */
	for (i = 1; i < ARRAY_SIZE(nowhere); i++) {
		*pointer = nowhere[i];
		fine &= fails(call, -EFAULT, "pointer", *pointer);
	}
	*pointer = (uintptr_t)land.end - size + 1;
	memcpy((void *)*pointer, (void *)good, size - 1);
	fine &= fails(call, -EFAULT, "end of pointer", *pointer);
	*pointer = (uintptr_t)land.start + NPT_PAGE - size / 2;
	memcpy((void *)*pointer, (void *)good, size);
	fine &= works(call);
	*pointer = good;
	land_give_back(&land);
	return works(call) && fine;
}

/* ---- Sizes --------------------------------------------------------------- */

/*
 * A structure of @size bytes does what the whole one does that is zero from there on:
 * that is the pattern.  Behind it nothing is touched.
 */
static bool knows_size(const struct npt_call *call, size_t size, unsigned int direction)
{
	size_t whole = call_size(call), given = size < whole ? size : whole;
	unsigned long request = request_of_size(call, size);
	static unsigned char pattern[MAX_SIZE + 1], copy[MAX_SIZE + 1];
	int expected, err;
	size_t i;

	request &= ~((unsigned long)_IOC_DIRMASK << _IOC_DIRSHIFT);
	request |= (unsigned long)direction << _IOC_DIRSHIFT;
	memset(pattern, 0, whole);
	if (direction & _IOC_WRITE)
		memcpy(pattern, call->args, given);
	expected = npt_ioctl(call->client->fd, call->request, pattern);
	if (!expected && undo(call, pattern))
		return false;

	memset(copy, GARBAGE, sizeof(copy));
	memcpy(copy, call->args, given);
	err = npt_ioctl(call->client->fd, request, copy);
	if (!err && undo(call, pattern))
		return false;
	for (i = given; i < sizeof(copy) && copy[i] == GARBAGE; i++)
		;
	if (err == expected && i == sizeof(copy))
		return true;
	fprintf(stderr, "# %s: size %zu, direction %u: %d, expected %d; byte %zu is %#x\n",
		call->name, size, direction, err, expected, i, copy[i]);
	return false;
}

bool npt_knows_its_size(const struct npt_call *call)
{
	size_t size, whole = call_size(call);
	bool fine = true;

	for (size = 0; size < whole; size++)
		fine &= knows_size(call, size, _IOC_READ | _IOC_WRITE);
	fine &= knows_size(call, whole, _IOC_WRITE);
	fine &= knows_size(call, whole, _IOC_NONE);
	fine &= knows_size(call, whole + 1, _IOC_READ | _IOC_WRITE);
	fine &= knows_size(call, whole + 8, _IOC_READ | _IOC_WRITE);
	fine &= knows_size(call, MAX_SIZE, _IOC_READ | _IOC_WRITE);
	return fine;
}

/* ---- Arrays -------------------------------------------------------------- */

static bool refuses_strides(const struct npt_call *call, struct drm_npu_array *array,
			    size_t size)
{
	const struct npt_bad bad[] = {
		NPT_BAD(drm_npu_array, stride, -EINVAL, 0, 1, size - 8, size - 1,
			size + 1, size + 4, NPT_PAGE + 8, 1u << 31, -8u, -1u),
		NPT_BAD(drm_npu_array, count, -EINVAL, DRM_NPU_MAX_ARRAY + 1, 1u << 31,
			-1u),
		NPT_BAD(drm_npu_array, pointer, -EFAULT, 0),
	};

	return npt_refuses(call, array, bad, ARRAY_SIZE(bad));
}

/* The elements further apart, with a byte of the last one's tail set. */
static bool knows_tail(const struct npt_call *call, struct drm_npu_array *array,
		       size_t size, size_t stride, size_t set)
{
	const struct drm_npu_array good = *array;
	static unsigned char apart[2 * NPT_PAGE];
	unsigned int i;
	bool fine;

	memset(apart, 0, sizeof(apart));
	for (i = 0; i < good.count; i++)
		memcpy(apart + i * stride, (char *)(uintptr_t)good.pointer + i * size,
		       size);
	array->stride = stride;
	array->pointer = (uintptr_t)apart;
	fine = works(call);
	if (set) {
		apart[(good.count - 1) * stride + set] = 1;
		fine &= fails(call, -E2BIG, "tail byte", set);
	}
	*array = good;
	return fine;
}

static bool knows_tails(const struct npt_call *call, struct drm_npu_array *array,
			size_t size)
{
	static const size_t strides[] = { 8, 64, NPT_PAGE };
	bool fine = true;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(strides); i++) {
		size_t stride = strides[i] < NPT_PAGE ? size + strides[i] : NPT_PAGE;

		fine &= knows_tail(call, array, size, stride, size);
		fine &= knows_tail(call, array, size, stride, stride - 1);
	}
	return fine;
}

/* An element that is there, with a tail that is not. */
static bool refuses_half_a_tail(const struct npt_call *call, struct drm_npu_array *array,
				size_t size)
{
	const struct drm_npu_array good = *array;
	struct land land;
	bool fine;

	if (!land_take(&land))
		return false;
	array->count = 1;
	array->stride = size + 8;
	array->pointer = (uintptr_t)land.end - size;
	memcpy(land.end - size, (void *)(uintptr_t)good.pointer, size);
	fine = fails(call, -EFAULT, "tail", 0);
	*array = good;
	land_give_back(&land);
	return fine;
}

bool npt_refuses_arrays(const struct npt_call *call, struct drm_npu_array *array,
			size_t size)
{
	bool fine = refuses_strides(call, array, size);

	fine &= npt_refuses_pointer(call, &array->pointer, array->count * size);
	fine &= knows_tails(call, array, size);
	fine &= refuses_half_a_tail(call, array, size);
	return works(call) && fine;
}

/* ---- No memory ----------------------------------------------------------- */

/*
 * With the nth allocation refused it is done or not done; *refused: whether there were
 * so many.  TTM says -ENOMEM of HBM, too, and so the driver makes -ENOSPC of it.
 */
static bool survives(const struct npt_call *call, int file, unsigned int nth,
		     bool *refused)
{
	struct account before;
	char copy[MAX_SIZE];
	bool fine;
	int err;

	account_take(call->client, &before);
	if (npt_nomem_begin(file, nth))
		return false;
	err = attempt(call, copy);
	*refused = npt_nomem_end(file);
	if (!err)
		fine = !undo(call, copy);
	else
		fine = *refused && (err == -ENOMEM || err == -ENOSPC) &&
		       !(call->in_parts && undo(call, copy)) && account_same(call->client, &before);
	if (!fine)
		fprintf(stderr, "# %s: allocation %u refused: %d\n", call->name, nth, err);
	return fine;
}

bool npt_survives_no_memory(const struct npt_call *call)
{
	bool fine = works(call), refused = true;
	int file = npt_nomem_open();
	unsigned int nth;

	if (file < 0)
		return fine && file == -ENOENT;
	for (nth = 1; fine && refused; nth++)
		fine = survives(call, file, nth, &refused);
	close(file);
	fprintf(stderr, "# %s: %u allocations refused\n", call->name, nth - 2);
	return works(call) && fine;
}
