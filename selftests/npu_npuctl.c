// SPDX-License-Identifier: GPL-2.0-only
/* npuctl against a card that works, is busy, is forbidden, is gone, is stuck. */
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/fanotify.h>
#include <sys/mount.h>

#include "kselftest_harness.h"
#include "npu_test.h"

#define NOBODY		65534

FIXTURE(npuctl)
{
	struct npt_client client;
	struct npt_card card;
	char out[65536];
};

FIXTURE_SETUP(npuctl)
{
	if (system("npuctl --version >/dev/null 2>&1"))
		SKIP(return, "npuctl is not on the PATH");
	ASSERT_EQ(0, npt_client_open(&self->client));
	ASSERT_EQ(0, npt_find(&self->card));
}

FIXTURE_TEARDOWN(npuctl)
{
	npt_client_close(&self->client);
}

#define NPUCTL_DATA FIXTURE_DATA(npuctl)

/*
 * Its exit status; what it writes to stdout and stderr goes to self->out.  It is
 * asked about the card under test, if about any.
 */
static int npuctl(NPUCTL_DATA *self, const char *arguments)
{
	char command[256];
	size_t len = 0, got;
	FILE *pipe;
	int status;

	snprintf(command, sizeof(command), "npuctl %s %s 2>&1", arguments,
		 self->card.pci);
	pipe = popen(command, "re");
	if (!pipe)
		return -1;
	do {
		got = fread(self->out + len, 1, sizeof(self->out) - 1 - len,
			    pipe);
		len += got;
	} while (got);
	self->out[len] = 0;
	status = pclose(pipe);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The number behind the n-th occurrence of a key, -1 if there is none. */
static double number(const NPUCTL_DATA *self, const char *key, unsigned int n)
{
	const char *at = self->out;
	char quoted[64];
	double value;

	snprintf(quoted, sizeof(quoted), "\"%s\":", key);
	do {
		at = strstr(at, quoted);
		if (!at)
			return -1;
		at += strlen(quoted);
	} while (n--);
	return sscanf(at, " %lf", &value) == 1 ? value : -1;
}

static bool says(const NPUCTL_DATA *self, const char *text)
{
	return strstr(self->out, text);
}

static uint32_t start_stall(NPUCTL_DATA *self, uint32_t mask)
{
	struct npt_code code;
	uint32_t queue;

	if (npt_code_stall(&self->client, 0, &code) ||
	    npt_queue_create(&self->client, mask, 0, &queue) ||
	    npt_start(&self->client, queue, &code, NULL, 0, 0) ||
	    !npt_queue_executes(self->client.fd, queue))
		return 0;
	return queue;
}

TEST_F(npuctl, list_names_the_card)
{
	ASSERT_EQ(0, npuctl(self, "list"));
	EXPECT_TRUE(says(self, "npu"));
	EXPECT_TRUE(says(self, self->card.pci));
}

TEST_F(npuctl, list_json_has_a_schema_and_dies)
{
	struct drm_npu_query_device device;

	ASSERT_EQ(0, npt_query_device(self->client.fd, &device));
	ASSERT_EQ(0, npuctl(self, "list --json"));
	EXPECT_EQ(1, number(self, "schema", 0));
	EXPECT_EQ(device.dies, number(self, "dies", 0));
	EXPECT_TRUE(says(self, self->card.pci));
	EXPECT_TRUE(says(self, (const char *)device.model));
}

TEST_F(npuctl, status_json_has_the_keys_that_programs_read)
{
	static const char * const keys[] = {
		"schema", "cards", "name", "pci", "health", "model", "serial",
		"driver", "registers", "dies", "hbm", "used", "total",
		"busy_percent", "die_status", "jobs", "faults", "clients",
		"pid",
	};
	char quoted[64];
	unsigned int i;

	ASSERT_EQ(0, npuctl(self, "status --json"));
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		snprintf(quoted, sizeof(quoted), "\"%s\":", keys[i]);
		EXPECT_TRUE(says(self, quoted)) {
			TH_LOG("no key %s", keys[i]);
		}
	}
}

TEST_F(npuctl, status_shows_who_uses_the_card)
{
	unsigned int i;
	double pid = 0;
	bool found = false;

	/* A slow host may have too many processes for one look. */
	do {
		ASSERT_EQ(0, npuctl(self, "status --json --interval 0"));
	} while (says(self, "\"clients_complete\":\tfalse"));
	for (i = 0; pid >= 0 && !found; i++) {
		pid = number(self, "pid", i);
		found = pid == getpid();
	}
	EXPECT_TRUE(found);
	EXPECT_TRUE(says(self, "\"npu_npuctl\""));
}

TEST_F(npuctl, status_counts_memory)
{
	struct npt_bo bo;
	double used;

	ASSERT_EQ(0, npuctl(self, "status --json --interval 0"));
	used = number(self, "used", 0);
	ASSERT_EQ(0, npt_bo_create(self->client.fd, &bo, 5 * NPT_MIB,
				   DRM_NPU_PLACE_HBM, 0, 0));
	ASSERT_EQ(0, npuctl(self, "status --json --interval 0"));
	EXPECT_EQ(used + 5 * NPT_MIB, number(self, "used", 0));
	EXPECT_EQ(npt_hbm_used(self->client.fd), number(self, "used", 0));
}

TEST_F(npuctl, status_shows_which_dies_are_busy)
{
	struct drm_npu_query_die dies[DRM_NPU_MAX_DIES];
	int i, count = npt_query_dies(self->client.fd, dies);
	uint32_t mask = 0x5 & ((1u << count) - 1);

	ASSERT_NE(0, start_stall(self, mask));
	ASSERT_EQ(0, npuctl(self, "status --json"));
	/* The first is the card's, then one a die. */
	EXPECT_GT(number(self, "busy_percent", 0), 0);
	for (i = 0; i < count; i++) {
		double busy = number(self, "busy_percent", 1 + i);

		if (mask & NPT_DIE(i)) {
			EXPECT_GT(busy, 90);
		} else
			EXPECT_EQ(0, busy);
	}
}

TEST_F(npuctl, status_counts_jobs_and_faults)
{
	double completed, failed, faults;
	struct npt_code code;
	uint32_t queue;

	ASSERT_EQ(0, npuctl(self, "status --json --interval 0"));
	completed = number(self, "completed", 0);
	failed = number(self, "failed", 0);
	faults = number(self, "faults", 0);
	ASSERT_EQ(0, npt_works());
	code = (struct npt_code) { .va = 1ull << 40, .size = 64 };
	ASSERT_EQ(0, npt_queue_create(&self->client, 0, 0, &queue));
	ASSERT_EQ(-EFAULT, npt_run(&self->client, queue, &code, NULL, 0));
	ASSERT_EQ(0, npuctl(self, "status --json --interval 0"));
	EXPECT_EQ(completed + 1, number(self, "completed", 0));
	EXPECT_EQ(failed + 1, number(self, "failed", 0));
	EXPECT_EQ(faults + 1, number(self, "faults", 0));
}

TEST_F(npuctl, bad_usage_is_2)
{
	EXPECT_EQ(2, npuctl(self, "frobnicate"));
	EXPECT_EQ(2, npuctl(self, "status --no-such-option"));
}

TEST_F(npuctl, a_card_of_another_name_is_3)
{
	EXPECT_EQ(3, npuctl(self, "status npu99"));
}

TEST_F(npuctl, no_permission_is_4)
{
	if (geteuid())
		SKIP(return, "not root");
	ASSERT_EQ(0, setgroups(0, NULL));
	ASSERT_EQ(0, setgid(NOBODY));
	ASSERT_EQ(0, setuid(NOBODY));
	EXPECT_EQ(4, npuctl(self, "status"));
	EXPECT_TRUE(says(self, "permission"));
	EXPECT_EQ(4, npuctl(self, "list --json"));
}

/*
 * Put in the place of the device node a file whose opening the kernel has to ask
 * us about; it never gets an answer.  Ends with the listener that is returned.
 */
static int block_opening(const char *node)
{
	static const char file[] = "/tmp/npu-stuck";
	int fd = open(file, O_CREAT | O_RDONLY | O_CLOEXEC, 0600);
	int listener;

	if (fd < 0)
		return -errno;
	close(fd);
	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount(file, node, NULL, MS_BIND, NULL))
		return -errno;
	unlink(file);
	listener = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC, O_RDONLY);
	if (listener < 0)
		return -errno;
	if (fanotify_mark(listener, FAN_MARK_ADD, FAN_OPEN_PERM, AT_FDCWD,
			  node))
		return -errno;
	return listener;
}

/* Beside the time that it takes on this host, however busy, when a card answers. */
TEST_F(npuctl, a_card_that_does_not_answer_is_5_within_two_seconds)
{
	uint64_t start, answered, took;
	int listener, status;

	if (geteuid())
		SKIP(return, "not root");
	start = npt_now_ms();
	ASSERT_EQ(0, npuctl(self, "status --interval 0"));
	answered = npt_now_ms() - start;
	listener = block_opening(self->card.node);
	if (listener == -ENOSYS || listener == -EINVAL)
		SKIP(return, "the kernel has no permission events");
	ASSERT_GE(listener, 0);
	start = npt_now_ms();
	status = npuctl(self, "status --interval 0");
	took = npt_now_ms() - start;
	EXPECT_EQ(5, status);
	EXPECT_LE(took, 2000 + answered);
	EXPECT_TRUE(says(self, "does not answer"));
	close(listener);
	ASSERT_EQ(0, umount2(self->card.node, MNT_DETACH));
	EXPECT_EQ(0, npuctl(self, "status"));
}

TEST_F(npuctl, no_card_is_3)
{
	int list, status;

	if (geteuid())
		SKIP(return, "not root");
	ASSERT_EQ(0, npt_pci_remove(&self->card));
	list = npuctl(self, "list");
	status = npuctl(self, "status --json");
	EXPECT_TRUE(says(self, "no card"));
	EXPECT_EQ(0, npt_pci_rescan());
	EXPECT_EQ(3, list);
	EXPECT_EQ(3, status);
	EXPECT_EQ(0, npuctl(self, "list"));
}

TEST_HARNESS_MAIN
