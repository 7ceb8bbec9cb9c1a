// SPDX-License-Identifier: GPL-2.0-only
/* QUERY: what a card says of itself. */
#include "kselftest_harness.h"
#include "npu_test.h"

FIXTURE(query)
{
	int fd;
	struct drm_npu_query_device device;
};

FIXTURE_SETUP(query)
{
	self->fd = npt_open();
	ASSERT_GE(self->fd, 0);
	ASSERT_EQ(0, npt_query_device(self->fd, &self->device));
}

FIXTURE_TEARDOWN(query)
{
	close(self->fd);
}

TEST_F(query, driver_has_a_name_and_a_version)
{
	char name[16] = "";
	struct drm_version version = {
		.name = name,
		.name_len = sizeof(name) - 1,
	};

	ASSERT_EQ(0, npt_ioctl(self->fd, DRM_IOCTL_VERSION, &version));
	EXPECT_STREQ(DRM_NPU_DRIVER_NAME, name);
	EXPECT_EQ(DRM_NPU_DRIVER_MAJOR, version.version_major);
	EXPECT_GE(version.version_minor, DRM_NPU_DRIVER_MINOR);
}

TEST_F(query, driver_has_timelines)
{
	struct drm_get_cap cap = { .capability = DRM_CAP_SYNCOBJ };

	ASSERT_EQ(0, npt_ioctl(self->fd, DRM_IOCTL_GET_CAP, &cap));
	EXPECT_EQ(1, cap.value);
	cap.capability = DRM_CAP_SYNCOBJ_TIMELINE;
	ASSERT_EQ(0, npt_ioctl(self->fd, DRM_IOCTL_GET_CAP, &cap));
	EXPECT_EQ(1, cap.value);
}

TEST_F(query, device_names_its_model)
{
	const char *model = (const char *)self->device.model;

	EXPECT_NE(NULL, memchr(model, 0, sizeof(self->device.model)));
	EXPECT_NE(0, model[0]);
	EXPECT_NE(0, self->device.profile);
	EXPECT_EQ(DRM_NPU_PLATFORM_EMULATED, self->device.platform);
	EXPECT_EQ(DRM_NPU_HEALTH_OK, self->device.health);
	EXPECT_EQ(0, self->device.pad);
}

TEST_F(query, device_versions_are_ours)
{
	EXPECT_EQ(1, self->device.regs_major);
	EXPECT_EQ(NPU_ISA_MAJOR, self->device.isa_major);
	EXPECT_GE(self->device.isa_minor, NPU_ISA_MINOR);
}

TEST_F(query, device_limits_are_usable)
{
	EXPECT_GE(self->device.dies, 1);
	EXPECT_LE(self->device.dies, DRM_NPU_MAX_DIES);
	EXPECT_GE(self->device.queues, 2);
	EXPECT_EQ(48, self->device.va_bits);
	EXPECT_EQ(NPT_PAGE, self->device.page_size);
	EXPECT_GE(self->device.ring_max_jobs, 16);
	EXPECT_GE(self->device.max_program_size, 64 * NPT_KIB);
	EXPECT_GE(self->device.max_args_size, 4 * NPT_KIB);
	EXPECT_GE(self->device.timeout_ms, 1000);
}

TEST_F(query, device_has_the_pci_address_of_its_node)
{
	const struct drm_npu_query_device *device = &self->device;
	struct npt_card card;
	char pci[32];

	ASSERT_EQ(0, npt_find(&card));
	snprintf(pci, sizeof(pci), "%04x:%02x:%02x.%x", device->pci_domain,
		 device->pci_bus, device->pci_device, device->pci_function);
	EXPECT_STREQ(card.pci, pci);
}

TEST_F(query, a_null_pointer_asks_for_the_size)
{
	const uint32_t dies = self->device.dies;
	const struct {
		uint32_t type;
		uint32_t size;
	} tables[] = {
		{ DRM_NPU_QUERY_DEVICE, sizeof(struct drm_npu_query_device) },
		{ DRM_NPU_QUERY_DIES, dies * sizeof(struct drm_npu_query_die) },
		{ DRM_NPU_QUERY_MEMORY,
		  (dies + 1) * sizeof(struct drm_npu_query_memory) },
		{ DRM_NPU_QUERY_CLOCKS, sizeof(struct drm_npu_query_clocks) },
		{ DRM_NPU_QUERY_RESETS, sizeof(struct drm_npu_query_resets) },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tables); i++) {
		uint32_t size = 0;

		EXPECT_EQ(0, npt_query(self->fd, tables[i].type, NULL, &size));
		EXPECT_EQ(tables[i].size, size) {
			TH_LOG("type %u", tables[i].type);
		}
	}
}

TEST_F(query, a_short_buffer_gets_the_beginning)
{
	unsigned char buffer[64];
	uint32_t size = 16;

	memset(buffer, 0xee, sizeof(buffer));
	ASSERT_EQ(0, npt_query(self->fd, DRM_NPU_QUERY_DEVICE, buffer, &size));
	EXPECT_EQ(16, size);
	EXPECT_EQ(0, memcmp(buffer, self->device.model, 16));
	EXPECT_EQ(0xee, buffer[16]);
}

TEST_F(query, memory_regions_follow_each_other)
{
	struct drm_npu_query_memory mem[DRM_NPU_MAX_DIES + 1];
	int i, count = npt_query_memory(self->fd, mem);
	uint64_t end = 0;

	ASSERT_EQ(self->device.dies + 1, count);
	for (i = 0; i < count - 1; i++) {
		EXPECT_EQ(DRM_NPU_MEMORY_HBM, mem[i].memory_class);
		EXPECT_EQ(i, mem[i].die);
		EXPECT_EQ(end, mem[i].base);
		EXPECT_EQ(mem[0].total, mem[i].total);
		EXPECT_LE(mem[i].used, mem[i].total);
		EXPECT_EQ(mem[i].total, mem[i].cpu_visible);
		end += mem[i].total;
	}
	EXPECT_EQ(DRM_NPU_MEMORY_HOST, mem[i].memory_class);
	EXPECT_EQ(0, mem[i].base);
	EXPECT_GT(mem[i].total, 0);
}

TEST_F(query, clocks_advance)
{
	struct drm_npu_query_clocks clocks[2];
	uint64_t before, after;
	uint32_t size = sizeof(clocks[0]);

	before = npt_now_ns();
	ASSERT_EQ(0, npt_query(self->fd, DRM_NPU_QUERY_CLOCKS, &clocks[0],
			       &size));
	npt_sleep_ms(2);
	ASSERT_EQ(0, npt_query(self->fd, DRM_NPU_QUERY_CLOCKS, &clocks[1],
			       &size));
	after = npt_now_ns();

	EXPECT_LT(0, clocks[0].host_ns);
	EXPECT_LT(clocks[0].host_ns, clocks[1].host_ns);
	EXPECT_LE(clocks[0].device_ns, clocks[1].device_ns);
	EXPECT_LE(before, clocks[0].cpu_ns);
	EXPECT_GE(after, clocks[1].cpu_ns);
}

TEST_F(query, clients_are_counted)
{
	struct drm_npu_query_device device;
	int fds[3];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = npt_open();
		ASSERT_GE(fds[i], 0);
	}
	ASSERT_EQ(0, npt_query_device(self->fd, &device));
	EXPECT_EQ(self->device.clients + 3, device.clients);
	for (i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
	ASSERT_EQ(0, npt_query_device(self->fd, &device));
	EXPECT_EQ(self->device.clients, device.clients);
}

TEST_F(query, jobs_are_counted)
{
	struct drm_npu_query_device device;

	ASSERT_EQ(0, npt_works());
	ASSERT_EQ(0, npt_query_device(self->fd, &device));
	EXPECT_EQ(self->device.jobs_completed + 1, device.jobs_completed);
	EXPECT_EQ(self->device.jobs_failed, device.jobs_failed);
	EXPECT_EQ(self->device.faults, device.faults);
}

TEST_HARNESS_MAIN
