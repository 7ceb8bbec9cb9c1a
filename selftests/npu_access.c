// SPDX-License-Identifier: GPL-2.0-only
/* Who may use the card. Wants root, to become somebody who may not. */
#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>

#include "kselftest_harness.h"
#include "npu_test.h"

#define NOBODY	65534

FIXTURE(access)
{
	struct npt_card card;
	int fd;
};

FIXTURE_SETUP(access)
{
	ASSERT_EQ(0, npt_find(&self->card));
	self->fd = npt_open();
	ASSERT_GE(self->fd, 0);
	if (geteuid())
		SKIP(return, "not root");
}

FIXTURE_TEARDOWN(access)
{
	close(self->fd);
}

static int become_nobody(void)
{
	if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY))
		return -errno;
	return 0;
}

TEST_F(access, node_is_not_for_everybody)
{
	struct stat st;

	ASSERT_EQ(0, stat(self->card.node, &st));
	EXPECT_TRUE(S_ISCHR(st.st_mode));
	EXPECT_EQ(0, st.st_mode & 0007);
}

TEST_F(access, nobody_is_refused)
{
	ASSERT_EQ(0, become_nobody());
	EXPECT_EQ(-EACCES, npt_open());
	EXPECT_EQ(-1, open(self->card.node, O_RDONLY));
	EXPECT_EQ(EACCES, errno);
}

TEST_F(access, an_open_file_works_for_nobody)
{
	struct npt_client client;
	struct npt_code code;
	uint32_t queue;

	ASSERT_EQ(0, npt_client_open(&client));
	ASSERT_EQ(0, become_nobody());
	ASSERT_EQ(0, npt_code_stall(&client, 1, &code));
	ASSERT_EQ(0, npt_queue_create(&client, 0, 0, &queue));
	EXPECT_EQ(0, npt_run(&client, queue, &code, NULL, 0));
	npt_client_close(&client);
}

TEST_F(access, nobody_removes_no_card)
{
	ASSERT_EQ(0, become_nobody());
	EXPECT_EQ(-EACCES, npt_pci_remove(&self->card));
}

TEST_HARNESS_MAIN
