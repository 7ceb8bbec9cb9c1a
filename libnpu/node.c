// SPDX-License-Identifier: MIT
/*
 * The cards that the kernel knows, from sysfs: libdrm lists no accel nodes.  No
 * device is opened, so that a card which does not answer cannot hold this up.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define NPU_MAX_NODES 1024

/* Last component of where a symbolic link leads to. */
static bool link_name(const char *path, char *name, size_t size)
{
	char target[PATH_MAX], *slash;

	if (!realpath(path, target))
		return false;
	slash = strrchr(target, '/');
	if (!slash || strlen(slash + 1) >= size)
		return false;
	strcpy(name, slash + 1);
	return true;
}

static bool is_npu(const char *root, const char *accel)
{
	char path[PATH_MAX], driver[32];

	snprintf(path, sizeof(path), "%s/sys/class/accel/%s/device/driver", root, accel);
	return link_name(path, driver, sizeof(driver)) &&
	       !strcmp(driver, DRM_NPU_DRIVER_NAME);
}

static bool accel_minor(const char *name, unsigned int *minor)
{
	int used = 0;

	return sscanf(name, "accel%4u%n", minor, &used) == 1 && !name[used];
}

static void fill_node(const char *root, unsigned int minor, struct npu_node *node)
{
	char path[PATH_MAX];

	memset(node, 0, sizeof(*node));
	snprintf(node->path, sizeof(node->path), "/dev/accel/accel%u", minor);
	snprintf(node->sysfs, sizeof(node->sysfs), "/sys/class/accel/accel%u", minor);
	snprintf(path, sizeof(path), "%s%s/device", root, node->sysfs);
	if (!link_name(path, node->pci, sizeof(node->pci)))
		node->pci[0] = '\0';
}

static int compare_minors(const void *a, const void *b)
{
	unsigned int x = *(const unsigned int *)a, y = *(const unsigned int *)b;

	return x < y ? -1 : x > y;
}

/* Minors of our cards in their order; how many, or -errno. */
static int read_minors(const char *root, unsigned int *minors)
{
	struct dirent *entry;
	char path[PATH_MAX];
	int count = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/sys/class/accel", root);
	dir = opendir(path);
	if (!dir) {
		if (errno == ENOENT)
			return 0;
		return npu_fail(-errno, "%s: %s", path, strerrordesc_np(errno));
	}
	while (count < NPU_MAX_NODES && (entry = readdir(dir))) {
		if (accel_minor(entry->d_name, &minors[count]) &&
		    is_npu(root, entry->d_name))
			count++;
	}
	closedir(dir);
	qsort(minors, count, sizeof(minors[0]), compare_minors);
	return count;
}

int npu_list_at(const char *root, struct npu_node *nodes, unsigned int max)
{
	unsigned int minors[NPU_MAX_NODES], i;
	int count = read_minors(root, minors);

	for (i = 0; count > 0 && i < (unsigned int)count && i < max; i++) {
		fill_node(root, minors[i], &nodes[i]);
		nodes[i].index = i;
		snprintf(nodes[i].name, sizeof(nodes[i].name), "npu%u", i);
	}
	return count;
}

int npu_list(struct npu_node *nodes, unsigned int max)
{
	return npu_list_at("", nodes, max);
}

/* By name, PCI address, or a path that leads to the device file. */
static bool matches(const struct npu_node *node, const char *name)
{
	char target[PATH_MAX];

	if (!strcmp(node->name, name) || !strcmp(node->pci, name) ||
	    !strcmp(node->path, name))
		return true;
	return name[0] == '/' && realpath(name, target) && !strcmp(node->path, target);
}

int npu_find_at(const char *root, const char *name, struct npu_node *node)
{
	struct npu_node *nodes;
	int count, i, err = -ENODEV;

	count = npu_list_at(root, NULL, 0);
	if (count < 0)
		return count;
	if (!count)
		return npu_fail(-ENODEV, "no card is driven by the npu driver");

	nodes = calloc(count, sizeof(*nodes));
	if (!nodes)
		return npu_fail(-ENOMEM, "out of memory");
	/* Cards may have come or gone since they were counted. */
	i = npu_list_at(root, nodes, count);
	if (i < count)
		count = i;
	for (i = 0; err && i < count; i++) {
		if (!name || matches(&nodes[i], name)) {
			*node = nodes[i];
			err = 0;
		}
	}
	free(nodes);
	return err ? npu_fail(err, "there is no card %s", name ? name : "any more") : 0;
}
