// SPDX-License-Identifier: GPL-2.0-only
/* What a process does with a card beside calls. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"

#define CHILD_STEPS	40
#define CHILD_MS	50

static struct fuzz_file *some_file(struct fuzz_worker *worker)
{
	return &FUZZ_PICK(worker, worker->fuzz->files);
}

static struct fuzz_map *some_map(struct fuzz_worker *worker)
{
	return &FUZZ_PICK(worker, worker->maps);
}

/* ---- Mappings -------------------------------------------------------------- */

static void unmap(struct fuzz_map *map)
{
	if (map->data)
		munmap((void *)map->data, map->size);
	map->data = NULL;
}

/* Of a buffer whose size is not known here: too much is refused. */
static void act_map(struct fuzz_worker *worker)
{
	static const uint64_t sizes[] = { NPT_PAGE, 3 * NPT_PAGE,
					  64 * NPT_KIB, NPT_MIB };
	static const int prots[] = { PROT_READ, PROT_WRITE,
				     PROT_READ | PROT_WRITE };
	struct fuzz_file *file = some_file(worker);
	struct fuzz_map *map = some_map(worker);
	struct drm_npu_bo_mmap_offset offset = {
		.handle = fuzz_file_id(worker, file, FUZZ_BO),
	};
	size_t size = FUZZ_PICK(worker, sizes);
	int prot = FUZZ_PICK(worker, prots);
	void *data;

	unmap(map);
	fuzz_note(worker, "mmap", -1, NULL, 0);
	if (npt_ioctl(file->fd, DRM_IOCTL_NPU_BO_MMAP_OFFSET, &offset))
		return;
	if (fuzz_one_in(worker, 8))
		offset.offset += NPT_PAGE;
	data = mmap(NULL, size, prot,
		    fuzz_one_in(worker, 16) ? MAP_PRIVATE : MAP_SHARED, file->fd,
		    offset.offset);
	if (data == MAP_FAILED)
		return;
	*map = (struct fuzz_map) { data, size, prot };
}

/* SIGBUS or SIGSEGV would be the end. */
static void act_touch(struct fuzz_worker *worker)
{
	struct fuzz_map *map = some_map(worker);
	unsigned int i;

	for (i = 0; i < 8 && map->data; i++) {
		size_t at = fuzz_below(worker, map->size);

		if (map->prot & PROT_WRITE)
			map->data[at] = i;
		else
			(void)map->data[at];
	}
}

static void act_change_map(struct fuzz_worker *worker)
{
	struct fuzz_map *map = some_map(worker);
	void *data = (void *)map->data;

	if (!data)
		return;
	fuzz_note(worker, "change a mapping", -1, NULL, 0);
	switch (fuzz_below(worker, 5)) {
	case 0:
		unmap(map);
		break;
	case 1:
		map->prot = PROT_READ;
		mprotect(data, map->size, PROT_READ);
		break;
	case 2:
		data = mremap(data, map->size, map->size,
			      MREMAP_MAYMOVE | MREMAP_DONTUNMAP);
		if (data != MAP_FAILED)
			munmap(data, map->size);
		break;
	case 3:
		madvise(data, map->size, MADV_DONTNEED);
		break;
	default:
		if (map->size > NPT_PAGE) {
			map->size -= NPT_PAGE;
			munmap((char *)data + map->size, NPT_PAGE);
		}
		break;
	}
}

/* ---- Files and processes --------------------------------------------------- */

/* -ENOSPC: somebody has all HBM. */
static void act_replace(struct fuzz_worker *worker)
{
	int err;

	fuzz_note(worker, "replace a file", -1, NULL, 0);
	err = fuzz_file_replace(some_file(worker));
	if (err && err != -ENOSPC && err != -EBUSY && err != -EINTR)
		fuzz_fail(worker, "a file cannot be replaced: errno %d", -err);
}

/* Whoever looks must not be in the way. */
static void act_look(struct fuzz_worker *worker)
{
	static const char *const files[] = { "hbm", "gpuvas", "queues",
					     "clients" };
	char path[80], text[4096];

	fuzz_note(worker, "look", -1, NULL, 0);
	if (fuzz_one_in(worker, 2))
		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d",
			 some_file(worker)->fd);
	else
		snprintf(path, sizeof(path), "/sys/kernel/debug/accel/%s/%s",
			 worker->fuzz->pci, FUZZ_PICK(worker, files));
	npt_read_file(path, text, sizeof(text));
}

static void act_other_call(struct fuzz_worker *worker)
{
	void *data = fuzz_alloc(worker, 256);
	unsigned long request = _IOC(fuzz_below(worker, 4), DRM_IOCTL_BASE,
				     DRM_COMMAND_BASE + DRM_NPU_SUBMIT + 1 +
					     fuzz_below(worker, 64),
				     fuzz_below(worker, 256));

	fuzz_note(worker, "unknown call", -1, &request, sizeof(request));
	if (!npt_ioctl(some_file(worker)->fd, request, data))
		fuzz_fail(worker, "there is no call %#lx", request);
}

static int child(struct fuzz_worker *worker)
{
	unsigned int i;

	worker->child = true;
	for (i = 0; i < CHILD_STEPS && !worker->fuzz->stop; i++)
		fuzz_step(worker);
	return 0;
}

struct waiting {
	pid_t pid;
	int status;
};

static bool has_ended(void *arg)
{
	struct waiting *waiting = arg;

	return waitpid(waiting->pid, &waiting->status, WNOHANG);
}

/* Who takes too long is killed at whatever it is doing. */
static void act_fork(struct fuzz_worker *worker)
{
	struct waiting waiting = { 0 };

	fuzz_note(worker, "fork", -1, NULL, 0);
	waiting.pid = fork();
	if (waiting.pid < 0)
		return;
	if (!waiting.pid)
		_exit(child(worker));
	if (npt_until(has_ended, &waiting, fuzz_below(worker, CHILD_MS))) {
		if (waiting.status)
			fuzz_fail(worker, "a child ended with status %#x",
				  waiting.status);
		return;
	}
	kill(waiting.pid, SIGKILL);
	while (waitpid(waiting.pid, &waiting.status, 0) < 0 && errno == EINTR)
		;
}

/* What the others do must not show in the answers of this one. */
static void act_check(struct fuzz_worker *worker)
{
	struct npt_client *good = &worker->good;
	struct npt_bo *bo = &worker->good_bo;
	uint32_t pattern = fuzz_random(worker), queue;
	uint32_t dies = fuzz_below(worker, 1u << worker->fuzz->dies);
	struct npt_code code;
	sigset_t set, old;
	int err;

	sigfillset(&set);
	pthread_sigmask(SIG_SETMASK, &set, &old);
	fuzz_note(worker, "check an answer", -1, NULL, 0);
	good->text_used = 0;
	err = npt_code_fill(good, bo->size / 4, &code);
	if (!err)
		err = npt_queue_create(good, dies, 0, &queue);
	if (!err) {
		err = npt_run(good, queue, &code,
			      (uint64_t[]){ bo->va, pattern }, 2);
		npt_queue_destroy(good->fd, queue);
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err)
		fuzz_fail(worker, "a good job failed: errno %d", -err);
	else if (!npt_is_pattern(bo->map, bo->size, pattern))
		fuzz_fail(worker, "a good job has a wrong answer");
	worker->checks++;
}

/* ---- Steps ----------------------------------------------------------------- */

static const struct action {
	void (*act)(struct fuzz_worker *worker);
	unsigned int weight;
	bool of_child;
} actions[] = {
	{ fuzz_call, 600, true },  { act_map, 20, true },
	{ act_touch, 40, true },   { act_change_map, 15, true },
	{ act_look, 4, true },	   { act_other_call, 4, true },
	{ act_replace, 3, false }, { act_fork, 1, false },
	{ act_check, 10, false },
};

void fuzz_step(struct fuzz_worker *worker)
{
	const struct action *action = actions;
	unsigned int i, total = 0, at;

	fuzz_begin(worker, worker->step + 1);
	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		total += actions[i].weight;
	at = fuzz_below(worker, total);
	for (; at >= action->weight; action++)
		at -= action->weight;
	if (action->of_child || !worker->child)
		action->act(worker);
}
