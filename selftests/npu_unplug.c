// SPDX-License-Identifier: GPL-2.0-only
/* The card leaves while it is used, and comes back. Wants root. */
#include <poll.h>

#include "kselftest_harness.h"
#include "npu_test.h"

FIXTURE(unplug)
{
	struct npt_card card;
	struct npt_client client;
	struct npt_bo hbm;
	struct npt_bo host;
	struct npt_code stall;
	uint32_t queue;
	int fd;
};

FIXTURE_SETUP(unplug)
{
	if (geteuid())
		SKIP(return, "not root");
	/* A test that failed half-way has left the card out. */
	if (npt_find(&self->card)) {
		ASSERT_EQ(0, npt_pci_rescan());
	}
	ASSERT_EQ(0, npt_find(&self->card));
	ASSERT_EQ(0, npt_client_open(&self->client));
	self->fd = self->client.fd;
	ASSERT_EQ(0, npt_bo_new(&self->client, &self->hbm, NPT_MIB,
				DRM_NPU_PLACE_HBM, 0, 0));
	ASSERT_EQ(0, npt_bo_new(&self->client, &self->host, NPT_MIB,
				DRM_NPU_PLACE_HOST, 0, 0));
	ASSERT_EQ(0, npt_code_stall(&self->client, 0, &self->stall));
	ASSERT_EQ(0, npt_queue_create(&self->client, 0, 0, &self->queue));
}

FIXTURE_TEARDOWN(unplug)
{
	npt_client_close(&self->client);
}

#define UNPLUG_DATA FIXTURE_DATA(unplug)

static void expect_return(struct __test_metadata *_metadata)
{
	EXPECT_EQ(0, npt_pci_rescan());
	EXPECT_EQ(0, npt_works());
}

TEST_F(unplug, waits_end_with_enodev)
{
	uint32_t sync[3], behind;
	struct drm_npu_sync link, done;
	struct drm_npu_job job;
	unsigned int i;
	int files[3];

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, npt_sync_create(self->fd, 0, &sync[i]));
	}
	/* One that executes, one behind it, one that waits on another queue. */
	ASSERT_EQ(0, npt_start(&self->client, self->queue, &self->stall, NULL,
			       0, sync[0]));
	ASSERT_EQ(0, npt_start(&self->client, self->queue, &self->stall, NULL,
			       0, sync[1]));
	ASSERT_EQ(0, npt_queue_create(&self->client, 0, 0, &behind));
	job = npt_job(behind, &self->stall, 0, 0);
	link = npt_binary(sync[1]);
	done = npt_binary(sync[2]);
	npt_job_in(&job, &link, 1);
	npt_job_out(&job, &done, 1);
	ASSERT_EQ(0, npt_submit(self->fd, &job, 1));
	ASSERT_TRUE(npt_queue_executes(self->fd, self->queue));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, npt_sync_file(self->fd, sync[i], &files[i]));
	}

	ASSERT_EQ(0, npt_pci_remove(&self->card));
	for (i = 0; i < 3; i++) {
		struct pollfd poll_fd = { .fd = files[i], .events = POLLIN };

		EXPECT_EQ(1, poll(&poll_fd, 1, NPT_LIMIT_MS));
		EXPECT_EQ(-ENODEV, npt_file_status(files[i])) {
			TH_LOG("job %u", i);
		}
		close(files[i]);
	}
	expect_return(_metadata);
}

TEST_F(unplug, a_blocked_wait_is_woken)
{
	uint32_t sync;
	int ready[2], status;
	uint64_t start;
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, npt_sync_create(self->fd, 0, &sync));
	ASSERT_EQ(0, npt_start(&self->client, self->queue, &self->stall, NULL,
			       0, sync));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		if (write(ready[1], "r", 1) != 1)
			_exit(99);
		_exit(-npt_sync_wait(self->fd, sync, 60000));
	}
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	ASSERT_TRUE(npt_queue_executes(self->fd, self->queue));
	start = npt_now_ms();
	ASSERT_EQ(0, npt_pci_remove(&self->card));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_LT(npt_now_ms() - start, 10000);
	/* Its fence ended, or the wait was told that the card is gone. */
	EXPECT_TRUE(status == 0 || WEXITSTATUS(status) == ENODEV);
	expect_return(_metadata);
}

TEST_F(unplug, every_call_says_enodev)
{
	struct drm_npu_queue_get_state queue_state;
	struct drm_npu_query_device device;
	struct drm_npu_vm_get_state state;
	uint32_t id;
	struct npt_bo bo;

	ASSERT_EQ(0, npt_pci_remove(&self->card));
	EXPECT_EQ(-ENODEV, npt_query_device(self->fd, &device));
	EXPECT_EQ(-ENODEV, npt_bo_create(self->fd, &bo, NPT_PAGE,
					 DRM_NPU_PLACE_HBM, 0, 0));
	EXPECT_EQ(-ENODEV, npt_vm_create(self->fd, &id));
	EXPECT_EQ(-ENODEV, npt_vm_state(self->fd, self->client.vm, &state));
	EXPECT_EQ(-ENODEV, npt_unmap(self->fd, self->client.vm, self->hbm.va,
				     self->hbm.size));
	EXPECT_EQ(-ENODEV, npt_vm_destroy(self->fd, self->client.vm));
	EXPECT_EQ(-ENODEV, npt_queue_create(&self->client, 0, 0, &id));
	EXPECT_EQ(-ENODEV, npt_queue_state(self->fd, self->queue,
					   &queue_state));
	EXPECT_EQ(-ENODEV, npt_start(&self->client, self->queue, &self->stall,
				     NULL, 0, 0));
	EXPECT_EQ(-ENODEV, npt_queue_destroy(self->fd, self->queue));
	expect_return(_metadata);
}

/* SIGBUS would end the test; each page is touched to be sure. */
TEST_F(unplug, mapped_memory_can_be_touched)
{
	struct npt_bo untouched;
	unsigned int i;

	ASSERT_EQ(0, npt_bo_new(&self->client, &untouched, 64 * NPT_KIB,
				DRM_NPU_PLACE_HBM, 0, 0));
	npt_fill(self->hbm.map, self->hbm.size, 1);
	npt_fill(self->host.map, self->host.size, 1);
	ASSERT_EQ(0, npt_pci_remove(&self->card));
	for (i = 0; i < 2; i++) {
		npt_fill(self->hbm.map, self->hbm.size, 0x41414141);
		npt_fill(self->host.map, self->host.size, 0x42424242);
		npt_fill(untouched.map, untouched.size, 0x43434343);
		npt_is_zero(self->hbm.map, self->hbm.size);
		npt_is_zero(untouched.map, untouched.size);
	}
	EXPECT_TRUE(npt_is_pattern(self->host.map, self->host.size,
				   0x42424242));
	expect_return(_metadata);
	/* And again with the card back: the old view is not the new card's. */
	npt_fill(self->hbm.map, self->hbm.size, 0x44444444);
	npt_fill(untouched.map, untouched.size, 0x45454545);
	EXPECT_EQ(0, npt_works());
}

TEST_F(unplug, an_old_file_does_not_reach_the_new_card)
{
	struct drm_npu_query_device device;
	uint64_t used;
	int fd;

	ASSERT_EQ(0, npt_pci_remove(&self->card));
	expect_return(_metadata);
	EXPECT_EQ(-ENODEV, npt_query_device(self->fd, &device));
	fd = npt_open();
	ASSERT_GE(fd, 0);
	ASSERT_TRUE(npt_hbm_quiet(fd, &used));
	/* Closing the old one frees nothing of the new one's. */
	npt_client_close(&self->client);
	EXPECT_EQ(used, npt_hbm_used(fd));
	EXPECT_EQ(0, npt_works());
	close(fd);
}

/* Submits until it cannot any more; 0: the card was gone and it was told so. */
static int submit_until_gone(int ready)
{
	struct npt_client client;
	struct npt_code code;
	struct npt_bo bo;
	uint32_t queue;
	int err;

	err = npt_client_open(&client);
	if (!err)
		err = npt_bo_new(&client, &bo, 256 * NPT_KIB,
				 DRM_NPU_PLACE_HBM, 0, 0);
	if (!err)
		err = npt_code_fill(&client, 64 * NPT_KIB, &code);
	if (!err)
		err = npt_queue_create(&client, 0, 0, &queue);
	if (err || write(ready, "r", 1) != 1)
		return 99;
	while (!err) {
		client.text_used = 4096;
		err = npt_run(&client, queue, &code,
			      (uint64_t[]){ bo.va, 5 }, 2);
		*(volatile uint32_t *)bo.map = 1;
	}
	return err == -ENODEV ? 0 : -err;
}

TEST_F(unplug, many_processes_at_work_are_told)
{
	pid_t pids[8];
	int ready[2], status;
	unsigned int i;
	char byte;

	ASSERT_EQ(0, pipe(ready));
	for (i = 0; i < 8; i++) {
		pids[i] = fork();
		ASSERT_GE(pids[i], 0);
		if (!pids[i])
			_exit(submit_until_gone(ready[1]));
	}
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(1, read(ready[0], &byte, 1));
	}
	ASSERT_EQ(0, npt_pci_remove(&self->card));
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(pids[i], waitpid(pids[i], &status, 0));
		EXPECT_EQ(0, status);
	}
	expect_return(_metadata);
}

TEST_F(unplug, unbind_under_a_job_and_bind)
{
	static const char driver[] = "/sys/bus/pci/drivers/npu";
	char path[96];
	uint32_t sync;
	int file;

	ASSERT_EQ(0, npt_sync_create(self->fd, 0, &sync));
	ASSERT_EQ(0, npt_start(&self->client, self->queue, &self->stall, NULL,
			       0, sync));
	ASSERT_TRUE(npt_queue_executes(self->fd, self->queue));
	ASSERT_EQ(0, npt_sync_file(self->fd, sync, &file));
	snprintf(path, sizeof(path), "%s/unbind", driver);
	ASSERT_EQ(0, npt_write_file(path, self->card.pci));
	EXPECT_EQ(-ENODEV, npt_file_status(file));
	EXPECT_EQ(-ENODEV, npt_open());
	snprintf(path, sizeof(path), "%s/bind", driver);
	ASSERT_EQ(0, npt_write_file(path, self->card.pci));
	expect_return(_metadata);
}

TEST_F(unplug, again_and_again)
{
	unsigned int i;

	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, npt_find(&self->card));
		ASSERT_EQ(0, npt_pci_remove(&self->card));
		EXPECT_EQ(-ENODEV, npt_open());
		expect_return(_metadata);
	}
}

TEST_HARNESS_MAIN
