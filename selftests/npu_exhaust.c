// SPDX-License-Identifier: GPL-2.0-only
/*
 * When there is no more: of file descriptors, of queues' memory, of the host's memory.
 * Whoever asks is told so, and nobody else notices.  (HBM: npu_memory; queues:
 * npu_queue.)
 */
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "kselftest_harness.h"
#include "npu_test.h"

FIXTURE(exhaust)
{
	int fd;
	uint64_t used;
};

FIXTURE_SETUP(exhaust)
{
	self->fd = npt_open();
	ASSERT_GE(self->fd, 0);
	ASSERT_TRUE(npt_hbm_quiet(self->fd, &self->used));
}

/* It is all back, and was never missed. */
FIXTURE_TEARDOWN(exhaust)
{
	EXPECT_TRUE(npt_hbm_settles(self->fd, self->used));
	EXPECT_TRUE(npt_clients_settle(self->fd, 1));
	EXPECT_EQ(0, npt_works());
	close(self->fd);
}

/* ---- File descriptors ---------------------------------------------------- */

static int limit_files(rlim_t files)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return -errno;
	limit.rlim_cur = files < limit.rlim_max ? files : limit.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &limit) ? -errno : 0;
}

/* As many as are open: what comes next has no number. */
static int allow_no_more_files(void)
{
	int next = dup(0);

	if (next < 0)
		return -errno;
	close(next);
	return limit_files(next);
}

TEST_F(exhaust, without_file_descriptors)
{
	struct drm_prime_handle prime = { .fd = -1 };
	struct npt_client client;
	uint32_t queue, sync, vm;
	struct npt_code code;
	struct npt_bo bo;
	int file;

	ASSERT_EQ(0, npt_client_open(&client));
	ASSERT_EQ(0, npt_code_fill(&client, 1024, &code));
	ASSERT_EQ(0, allow_no_more_files());

	EXPECT_EQ(-1, open("/dev/null", O_RDONLY));
	EXPECT_EQ(EMFILE, errno);
	ASSERT_EQ(0, npt_sync_create(client.fd, DRM_SYNCOBJ_CREATE_SIGNALED, &sync));
	EXPECT_EQ(-EMFILE, npt_sync_export(client.fd, sync, &file));
	EXPECT_EQ(-EMFILE, npt_sync_file(client.fd, sync, &file));
	prime.handle = client.text.handle;
	EXPECT_NE(0, npt_ioctl(client.fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime));

	/* What needs none goes on. */
	EXPECT_EQ(0, npt_vm_create(client.fd, &vm));
	EXPECT_EQ(0, npt_queue_create(&client, 0, 0, &queue));
	ASSERT_EQ(0, npt_bo_new(&client, &bo, NPT_PAGE, DRM_NPU_PLACE_HBM, 0, 0));
	ASSERT_EQ(0, npt_start(&client, queue, &code, (uint64_t[]){ bo.va, 42 }, 2, sync));
	EXPECT_EQ(0, npt_sync_wait(client.fd, sync, NPT_LIMIT_MS));
	EXPECT_TRUE(npt_is_pattern(bo.map, bo.size, 42));
	npt_bo_free(&client, &bo);

	ASSERT_EQ(0, limit_files(RLIM_INFINITY));
	EXPECT_EQ(1, npt_sync_status(client.fd, sync));
	npt_client_close(&client);
}

TEST_F(exhaust, every_file_descriptor_a_client)
{
	struct drm_npu_query_device device;
	static int files[256];
	unsigned int count = 0, i;
	int err;

	ASSERT_EQ(0, limit_files(ARRAY_SIZE(files)));
	for (;;) {
		uint32_t vm;

		err = npt_open();
		if (err < 0)
			break;
		ASSERT_LT(count, ARRAY_SIZE(files));
		files[count++] = err;
		ASSERT_EQ(0, npt_vm_create(err, &vm));
	}
	/* Looking for the card takes one, too. */
	EXPECT_TRUE(err == -EMFILE || err == -ENODEV);
	EXPECT_GT(count, ARRAY_SIZE(files) / 2);
	ASSERT_EQ(0, npt_query_device(self->fd, &device));
	EXPECT_EQ(count + 1, device.clients);
	for (i = 0; i < count; i++)
		close(files[i]);
	EXPECT_EQ(0, limit_files(RLIM_INFINITY));
}

/* Whoever has no room for a file that is sent does not keep it either. */
TEST_F(exhaust, a_file_that_cannot_be_taken)
{
	struct npt_client client;
	int socks[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, socks));
	ASSERT_EQ(0, npt_client_open(&client));
	ASSERT_EQ(0, npt_send_fd(socks[0], client.fd));
	npt_bo_unmap(&client.text);
	ASSERT_EQ(0, allow_no_more_files());
	EXPECT_EQ(-EBADMSG, npt_recv_fd(socks[1]));
	ASSERT_EQ(0, limit_files(RLIM_INFINITY));
	close(client.fd);
	EXPECT_TRUE(npt_clients_settle(self->fd, 1));
	close(socks[0]);
	close(socks[1]);
}

/* ---- Memory -------------------------------------------------------------- */

#define CGROUPS		"/sys/fs/cgroup"
#define GROUP		CGROUPS "/npu-exhaust"
#define GROUP_LIMIT	"24M"

/* A group of processes with little memory; -errno if the machine has none. */
static int make_group(void)
{
	struct stat st;
	int err;

	if (stat(CGROUPS "/cgroup.controllers", &st) &&
	    mount("none", CGROUPS, "cgroup2", 0, NULL))
		return -errno;
	err = npt_write_file(CGROUPS "/cgroup.subtree_control", "+memory");
	if (err)
		return err;
	if (mkdir(GROUP, 0755) && errno != EEXIST)
		return -errno;
	return npt_write_file(GROUP "/memory.max", GROUP_LIMIT);
}

/*
 * Rings are what a client can make the kernel take most of.  They count against its
 * group, and when that has no more the client is told, and lives on.
 */
static int fill_group(void)
{
	struct drm_npu_query_device device;
	struct drm_npu_queue_create create = { 0 };
	struct npt_client client;
	unsigned int count = 0;
	struct npt_code code;
	uint32_t queue;
	int err;

	if (npt_write_file(GROUP "/cgroup.procs", "0") || npt_client_open(&client) ||
	    npt_query_device(client.fd, &device) || npt_code_stall(&client, 1, &code) ||
	    npt_queue_create(&client, 0, 0, &queue))
		return 1;
	create.vm_id = client.vm;
	create.ring_jobs = device.ring_max_jobs;
	do {
		err = npt_ioctl(client.fd, DRM_IOCTL_NPU_QUEUE_CREATE, &create);
		count += !err;
	} while (!err);
	if (err != -ENOMEM || !count || count >= device.queues - 16)
		return 2;
	/* One less is room for one more, or for whatever else. */
	if (npt_queue_destroy(client.fd, create.queue_id) ||
	    !npt_queues_settle(client.fd, count))
		return 3;
	if (npt_run(&client, queue, &code, NULL, 0))
		return 4;
	return npt_ioctl(client.fd, DRM_IOCTL_NPU_QUEUE_CREATE, &create) ? 5 : 0;
}

TEST_F(exhaust, the_memory_of_a_group)
{
	int status, err = make_group();
	pid_t pid;

	if (err)
		SKIP(return, "no memory groups: %s", strerror(-err));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(fill_group());
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, rmdir(GROUP));
}

static uint64_t host_used(int fd)
{
	struct drm_npu_query_memory mem[DRM_NPU_MAX_DIES + 1];
	int count = npt_query_memory(fd, mem);

	return count > 0 ? mem[count - 1].used : ~0ull;
}

/* Other cards' buffers come out of the same memory. */
TEST_F_TIMEOUT(exhaust, the_memory_of_the_host, 120)
{
	const uint64_t size = 16 * NPT_MIB, before = host_used(self->fd);
	struct drm_npu_query_memory mem[DRM_NPU_MAX_DIES + 1];
	int count = npt_query_memory(self->fd, mem);
	unsigned int most, made, i;
	struct npt_bo bo, hbm;
	const char *company = getenv("NPU_COMPANY");
	uint32_t *handles;
	int err = 0;

	if (company && *company)
		SKIP(return, "there are others on other cards");
	ASSERT_GT(count, 0);
	most = mem[count - 1].total / size + 1;
	handles = calloc(most, sizeof(*handles));
	for (made = 0; made < most; made++) {
		err = npt_bo_create(self->fd, &bo, size, DRM_NPU_PLACE_HOST, 0, 0);
		if (err)
			break;
		handles[made] = bo.handle;
	}
	EXPECT_EQ(-ENOSPC, err);
	EXPECT_EQ(before + made * size, host_used(self->fd));
	/* The card's own is something else, and is taken where either will do. */
	EXPECT_EQ(0, npt_works());
	EXPECT_EQ(0, npt_bo_create(self->fd, &hbm, size,
				   DRM_NPU_PLACE_HBM | DRM_NPU_PLACE_HOST, 0, 0));
	EXPECT_EQ(0, npt_bo_close(self->fd, &hbm));
	for (i = 0; i < made; i++) {
		EXPECT_EQ(0, npt_gem_close(self->fd, handles[i]));
	}
	EXPECT_EQ(before, host_used(self->fd));
	EXPECT_EQ(0, npt_bo_create(self->fd, &bo, size, DRM_NPU_PLACE_HOST, 0, 0));
	free(handles);
}

TEST_HARNESS_MAIN
