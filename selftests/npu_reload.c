// SPDX-License-Identifier: GPL-2.0-only
/* The module leaves and returns. Wants root, and a module to load. */
#include "kselftest_harness.h"
#include "npu_test.h"

FIXTURE(reload)
{
	int unused;
};

FIXTURE_SETUP(reload)
{
	struct npt_card card;

	if (geteuid())
		SKIP(return, "not root");
	if (npt_find(&card)) {
		ASSERT_EQ(0, npt_module_load());
	}
}

FIXTURE_TEARDOWN(reload)
{
}

static bool can_unload(void *arg)
{
	return !npt_module_unload();
}

/* Some things are freed after a grace period. */
static bool unloads(void)
{
	return npt_until(can_unload, NULL, NPT_LIMIT_MS);
}

TEST_F(reload, ten_times_with_work_in_between)
{
	unsigned int i;

	for (i = 0; i < 10; i++) {
		struct npt_card card;

		ASSERT_EQ(0, npt_works());
		ASSERT_TRUE(unloads());
		ASSERT_EQ(-ENODEV, npt_find(&card));
		ASSERT_EQ(0, npt_module_load());
	}
	EXPECT_EQ(0, npt_works());
}

TEST_F(reload, an_open_file_keeps_the_module)
{
	int fd = npt_open();

	ASSERT_GE(fd, 0);
	EXPECT_EQ(-EWOULDBLOCK, npt_module_unload());
	close(fd);
	EXPECT_TRUE(unloads());
	EXPECT_EQ(0, npt_module_load());
}

TEST_F(reload, a_mapping_keeps_the_module)
{
	int fd = npt_open();
	struct npt_bo bo;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, npt_bo_create(fd, &bo, NPT_PAGE, DRM_NPU_PLACE_HBM, 0, 0));
	ASSERT_EQ(0, npt_bo_mmap(fd, &bo));
	close(fd);
	EXPECT_EQ(-EWOULDBLOCK, npt_module_unload());
	npt_fill(bo.map, bo.size, 1);
	npt_bo_unmap(&bo);
	EXPECT_TRUE(unloads());
	EXPECT_EQ(0, npt_module_load());
}

/* A fence's functions are the module's: they must not go before it. */
TEST_F(reload, a_sync_file_stays_readable)
{
	struct npt_client client;
	struct npt_code code;
	uint32_t queue, sync;
	int file, err;

	ASSERT_EQ(0, npt_client_open(&client));
	ASSERT_EQ(0, npt_code_stall(&client, 1, &code));
	ASSERT_EQ(0, npt_queue_create(&client, 0, 0, &queue));
	ASSERT_EQ(0, npt_sync_create(client.fd, 0, &sync));
	ASSERT_EQ(0, npt_start(&client, queue, &code, NULL, 0, sync));
	ASSERT_EQ(0, npt_sync_result(client.fd, sync, NPT_LIMIT_MS));
	ASSERT_EQ(0, npt_sync_file(client.fd, sync, &file));
	npt_client_close(&client);
	err = npt_module_unload();
	EXPECT_EQ(1, npt_file_status(file));
	close(file);
	if (err) {
		EXPECT_TRUE(unloads());
	}
	EXPECT_EQ(0, npt_module_load());
	EXPECT_EQ(0, npt_works());
}

static int write_to_driver(const char *file, const struct npt_card *card)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/npu/%s", file);
	return npt_write_file(path, card->pci);
}

TEST_F(reload, a_card_is_let_go_and_taken_by_hand)
{
	struct npt_card card;

	ASSERT_EQ(0, npt_find(&card));
	ASSERT_EQ(0, write_to_driver("unbind", &card));
	ASSERT_EQ(0, write_to_driver("bind", &card));
	EXPECT_EQ(0, npt_works());
}

TEST_HARNESS_MAIN
