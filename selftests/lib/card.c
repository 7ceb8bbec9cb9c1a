// SPDX-License-Identifier: GPL-2.0-only
/* Finding the card and asking it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "npu_test.h"

static int last_component(const char *link, char *name, size_t size)
{
	char target[256];
	const char *slash;
	ssize_t len = readlink(link, target, sizeof(target) - 1);

	if (len < 0)
		return -errno;
	target[len] = 0;
	slash = strrchr(target, '/');
	slash = slash ? slash + 1 : target;
	if (strlen(slash) >= size)
		return -ENAMETOOLONG;
	strcpy(name, slash);
	return 0;
}

/* Fill in a card from its name in /sys/class/accel; false: not one of ours. */
static bool card_from_entry(const char *entry, struct npt_card *card)
{
	char path[384], driver[64];
	unsigned int minor;

	if (sscanf(entry, "accel%u", &minor) != 1)
		return false;
	snprintf(card->sysfs, sizeof(card->sysfs), "/sys/class/accel/accel%u",
		 minor);
	snprintf(card->node, sizeof(card->node), "/dev/accel/accel%u", minor);
	snprintf(path, sizeof(path), "%s/device/driver", card->sysfs);
	if (last_component(path, driver, sizeof(driver)) ||
	    strcmp(driver, DRM_NPU_DRIVER_NAME))
		return false;
	snprintf(path, sizeof(path), "%s/device", card->sysfs);
	return !last_component(path, card->pci, sizeof(card->pci));
}

static bool comes_first(const struct npt_card *a, const struct npt_card *b)
{
	return strcmp(a->pci, b->pci) < 0;
}

static int find(const char *wanted, struct npt_card *card)
{
	DIR *dir = opendir("/sys/class/accel");
	struct npt_card found;
	struct dirent *entry;
	int err = -ENODEV;

	if (!dir)
		return -ENODEV;
	while ((entry = readdir(dir))) {
		if (!card_from_entry(entry->d_name, &found))
			continue;
		if (wanted && strcmp(wanted, found.pci))
			continue;
		if (err || comes_first(&found, card))
			*card = found;
		err = 0;
	}
	closedir(dir);
	return err;
}

int npt_find(struct npt_card *card)
{
	/* Once found it stays the one, even if it leaves and others are there. */
	static char chosen[sizeof(card->pci)];
	const char *wanted = *chosen ? chosen : getenv("NPU_PCI");
	int err = find(wanted, card);

	if (!err)
		strcpy(chosen, card->pci);
	return err;
}

int npt_open(void)
{
	struct npt_card card;
	int err = npt_find(&card);
	int fd;

	if (err)
		return err;
	fd = open(card.node, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int npt_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) < 0 ? -errno : 0;
}

int npt_query(int fd, uint32_t type, void *data, uint32_t *size)
{
	struct drm_npu_query query = {
		.type = type,
		.size = *size,
		.pointer = (uintptr_t)data,
	};
	int err = npt_ioctl(fd, DRM_IOCTL_NPU_QUERY, &query);

	*size = query.size;
	return err;
}

int npt_query_device(int fd, struct drm_npu_query_device *device)
{
	uint32_t size = sizeof(*device);
	int err;

	memset(device, 0, sizeof(*device));
	err = npt_query(fd, DRM_NPU_QUERY_DEVICE, device, &size);
	if (!err && size < sizeof(*device))
		return -ENODATA;
	return err;
}

int npt_query_dies(int fd, struct drm_npu_query_die dies[DRM_NPU_MAX_DIES])
{
	uint32_t size = DRM_NPU_MAX_DIES * sizeof(*dies);
	int err = npt_query(fd, DRM_NPU_QUERY_DIES, dies, &size);

	return err ? err : (int)(size / sizeof(*dies));
}

int npt_query_memory(int fd,
		     struct drm_npu_query_memory mem[DRM_NPU_MAX_DIES + 1])
{
	uint32_t size = (DRM_NPU_MAX_DIES + 1) * sizeof(*mem);
	int err = npt_query(fd, DRM_NPU_QUERY_MEMORY, mem, &size);

	return err ? err : (int)(size / sizeof(*mem));
}

uint64_t npt_hbm_used(int fd)
{
	struct drm_npu_query_memory mem[DRM_NPU_MAX_DIES + 1];
	int i, count = npt_query_memory(fd, mem);
	uint64_t used = 0;

	for (i = 0; i < count; i++)
		if (mem[i].memory_class == DRM_NPU_MEMORY_HBM)
			used += mem[i].used;
	return used;
}

bool npt_hbm_quiet(int fd, uint64_t *used)
{
	uint64_t end = npt_now_ms() + NPT_LIMIT_MS, before;
	struct drm_npu_query_device device;
	unsigned int same = 0;

	*used = npt_hbm_used(fd);
	while (same < 5 && npt_now_ms() < end) {
		npt_sleep_ms(5);
		before = *used;
		*used = npt_hbm_used(fd);
		if (npt_query_device(fd, &device))
			return false;
		same = device.clients == 1 && before == *used ? same + 1 : 0;
	}
	return same == 5;
}

struct settle {
	int fd;
	uint64_t used;
};

static bool has_settled(void *arg)
{
	struct settle *settle = arg;

	return npt_hbm_used(settle->fd) <= settle->used;
}

bool npt_hbm_settles(int fd, uint64_t used)
{
	struct settle settle = { .fd = fd, .used = used };

	return npt_until(has_settled, &settle, NPT_LIMIT_MS);
}

struct clients_wait {
	int fd;
	unsigned int count;
};

static bool clients_are(void *arg)
{
	struct drm_npu_query_device device;
	struct clients_wait *wait = arg;

	return !npt_query_device(wait->fd, &device) && device.clients == wait->count;
}

bool npt_clients_settle(int fd, unsigned int count)
{
	struct clients_wait wait = { .fd = fd, .count = count };

	return npt_until(clients_are, &wait, NPT_LIMIT_MS);
}
