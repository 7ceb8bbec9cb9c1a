// SPDX-License-Identifier: GPL-2.0-only
/* The driver's trace events: each one fires, and tells what happened. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "npu_test.h"

#define TRACING		"/sys/kernel/tracing/"
#define EVENTS		TRACING "events/npu/"
#define TEXT_SIZE	NPT_MIB
#define UNMAPPED	(1ull << 44)

static const char * const events[] = {
	"npu_fault", "npu_job_done", "npu_job_run", "npu_job_submit",
	"npu_queue_ban", "npu_queue_create", "npu_queue_destroy",
	"npu_queue_stop", "npu_reset", "npu_reset_done", "npu_vm_bind",
};

#define EVENT_COUNT	(sizeof(events) / sizeof(events[0]))

FIXTURE(trace)
{
	struct npt_card card;
	struct npt_client client;
	char *text;
};

static int clear_trace(void)
{
	int fd = open(TRACING "trace", O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (fd < 0)
		return -1;
	return close(fd);
}

FIXTURE_SETUP(trace)
{
	if (access(EVENTS, F_OK))
		SKIP(return, "not root, or the kernel has no trace events");
	self->text = malloc(TEXT_SIZE);
	ASSERT_NE(NULL, self->text);
	ASSERT_EQ(0, npt_find(&self->card));
	ASSERT_EQ(0, npt_client_open(&self->client));
	ASSERT_EQ(0, clear_trace());
	ASSERT_EQ(0, npt_write_file(EVENTS "enable", "1"));
}

FIXTURE_TEARDOWN(trace)
{
	npt_write_file(EVENTS "enable", "0");
	npt_client_close(&self->client);
	free(self->text);
}

#define TRACE_DATA FIXTURE_DATA(trace)

/**
 * struct wanted - an event to be seen
 * @data: fixture
 * @event: name
 * @fields: some of its fields, as they are printed
 */
struct wanted {
	TRACE_DATA *data;
	const char *event;
	const char *fields;
};

/* A line "... NAME: dev=CARD ... FIELDS ..." */
static bool is_traced(void *arg)
{
	const struct wanted *w = arg;
	char *rest, *line, start[128];

	if (npt_read_file(TRACING "trace", w->data->text, TEXT_SIZE) < 0)
		return false;
	snprintf(start, sizeof(start), " %s: dev=%s ", w->event,
		 w->data->card.pci);
	rest = w->data->text;
	while ((line = strsep(&rest, "\n"))) {
		char *at = strstr(line, start);

		if (at && strstr(at, w->fields))
			return true;
	}
	return false;
}

/* The end of a job is traced a moment after its fence was seen. */
#define EXPECT_TRACED(name, text) do {					\
	struct wanted w = { self, name, text };				\
									\
	EXPECT_TRUE(npt_until(is_traced, &w, NPT_LIMIT_MS))		\
		TH_LOG("%s with '%s' was not traced", name, text);	\
} while (0)

TEST_F(trace, the_driver_has_the_events_that_are_tested_here)
{
	DIR *dir = opendir(EVENTS);
	struct dirent *e;
	size_t i, found = 0;

	ASSERT_NE(NULL, dir);
	while ((e = readdir(dir))) {
		if (strncmp(e->d_name, "npu_", 4))
			continue;
		for (i = 0; i < EVENT_COUNT; i++) {
			if (!strcmp(events[i], e->d_name))
				break;
		}
		EXPECT_LT(i, EVENT_COUNT)
			TH_LOG("%s is not known here", e->d_name);
		found++;
	}
	closedir(dir);
	EXPECT_EQ(EVENT_COUNT, found);
}

TEST_F(trace, the_life_of_a_queue_and_its_job)
{
	struct npt_client *client = &self->client;
	struct npt_code code;
	struct npt_bo bo;
	uint32_t queue;
	char map[64];

	ASSERT_EQ(0, npt_bo_new(client, &bo, 64 * NPT_KIB, DRM_NPU_PLACE_HBM, 0,
				0));
	ASSERT_EQ(0, npt_code_fill(client, 16, &code));
	ASSERT_EQ(0, npt_queue_create(client, 1, 700, &queue));
	ASSERT_EQ(0, npt_run(client, queue, &code, (uint64_t[]){ bo.va, 7 }, 2));
	ASSERT_EQ(0, npt_queue_destroy(client->fd, queue));
	ASSERT_EQ(0, npt_unmap(client->fd, client->vm, bo.va, 64 * NPT_KIB));

	snprintf(map, sizeof(map), "op=map address=%#llx size=0x10000 bytes error=0",
		 (unsigned long long)bo.va);
	EXPECT_TRACED("npu_vm_bind", map);
	EXPECT_TRACED("npu_vm_bind", "op=unmap");
	EXPECT_TRACED("npu_queue_create", "dies=0x1 ");
	EXPECT_TRACED("npu_queue_create", "timeout=700 ms");
	EXPECT_TRACED("npu_job_submit", "job=1");
	EXPECT_TRACED("npu_job_run", "job=1");
	EXPECT_TRACED("npu_job_done", "job=1 error=0");
	EXPECT_TRACED("npu_queue_stop", "error=0");
	EXPECT_TRACED("npu_queue_destroy", "queue=");
}

TEST_F(trace, a_fault_has_the_record)
{
	struct npt_client *client = &self->client;
	struct npt_code code;
	char record[64];
	uint32_t queue;

	ASSERT_EQ(0, npt_code_fill(client, 16, &code));
	ASSERT_EQ(0, npt_queue_create(client, 0, 0, &queue));
	EXPECT_NE(0, npt_run(client, queue, &code, (uint64_t[]){ UNMAPPED, 7 }, 2));

	snprintf(record, sizeof(record), "job=1 code=%u insn=0 operand=0 die=",
		 NPU_ERR_PAGE_FAULT);
	EXPECT_TRACED("npu_fault", record);
	EXPECT_TRACED("npu_fault", "address=0x100000000000");
	EXPECT_TRACED("npu_queue_ban", "reason=fault");
	EXPECT_TRACED("npu_job_done", "job=1 error=-");
}

TEST_F(trace, a_time_out_bans_a_queue)
{
	struct npt_client *client = &self->client;
	struct npt_code stall;
	uint32_t queue;

	ASSERT_EQ(0, npt_code_stall(client, 0, &stall));
	ASSERT_EQ(0, npt_queue_create(client, 0, 100, &queue));
	EXPECT_NE(0, npt_run(client, queue, &stall, NULL, 0));
	EXPECT_TRACED("npu_queue_ban", "reason=timeout");
	EXPECT_TRACED("npu_queue_stop", "error=0");
}

TEST_F(trace, a_reset_and_its_end)
{
	struct npt_regs regs;

	if (npt_regs_map(&regs))
		SKIP(return, "this kernel does not show registers");
	ASSERT_TRUE(npt_drivers_queue_stop(&regs));
	npt_drivers_queue_fail(&regs);
	EXPECT_TRACED("npu_reset", "why=the driver's queue failed");
	EXPECT_TRACED("npu_reset_done", "error=0");
	npt_regs_unmap(&regs);
	EXPECT_EQ(0, npt_works());
}

TEST_HARNESS_MAIN
