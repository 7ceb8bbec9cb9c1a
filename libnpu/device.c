// SPDX-License-Identifier: MIT
/* A card that is open. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xf86drm.h>

#include "internal.h"

int npu_ioctl(const struct npu_device *dev, unsigned long request, void *arg)
{
	return drmIoctl(dev->fd, request, arg) ? -errno : 0;
}

int npu_device_query(struct npu_device *dev, uint32_t type, void *data, uint32_t *size)
{
	struct drm_npu_query query = {
		.type = type,
		.size = data ? *size : 0,
		.pointer = (uintptr_t)data,
	};
	int err = npu_ioctl(dev, DRM_IOCTL_NPU_QUERY, &query);

	if (err)
		return npu_fail(err, "%s: query %u: %s", dev->node.name, type,
				npu_strerror(err));
	*size = query.size;
	return 0;
}

static int open_node(const struct npu_node *node)
{
	int fd = open(node->path, O_RDWR | O_CLOEXEC);
	int err = errno;

	if (fd >= 0)
		return fd;
	switch (err) {
	case EACCES:
	case EPERM:
		return npu_fail(-EACCES, "%s (%s): no permission to open %s", node->name,
				node->pci, node->path);
	case ENODEV:
	case ENXIO:
	case ENOENT:
		return npu_fail(-ENODEV, "%s (%s) is gone, or has no device file %s",
				node->name, node->pci, node->path);
	default:
		return npu_fail(-EIO, "%s (%s): cannot open %s: %s", node->name,
				node->pci, node->path, strerrordesc_np(err));
	}
}

/* A minor version only adds: any will do. */
static int check_version(const struct npu_device *dev)
{
	drmVersionPtr version = drmGetVersion(dev->fd);
	int err = 0;

	if (!version)
		return npu_fail(-EIO, "%s does not tell its driver's version",
				dev->node.path);
	if (strcmp(version->name, DRM_NPU_DRIVER_NAME))
		err = npu_fail(-ENODEV, "%s is driven by %s", dev->node.path,
			       version->name);
	else if (version->version_major != DRM_NPU_DRIVER_MAJOR)
		err = npu_fail(-EIO,
			       "%s: the driver has interface %d.%d, this library needs %d",
			       dev->node.path, version->version_major,
			       version->version_minor, DRM_NPU_DRIVER_MAJOR);
	drmFreeVersion(version);
	return err;
}

static int read_info(struct npu_device *dev)
{
	uint32_t size = sizeof(dev->info);
	int err = npu_device_query(dev, DRM_NPU_QUERY_DEVICE, &dev->info, &size);

	if (err == -ENODEV)
		return npu_fail(err, "%s (%s) is gone", dev->node.name, dev->node.pci);
	if (err)
		return npu_fail(-EIO, "%s (%s) does not answer: %s", dev->node.name,
				dev->node.pci, strerrordesc_np(-err));
	dev->info.model[sizeof(dev->info.model) - 1] = '\0';
	return 0;
}

int npu_device_open(const char *name, struct npu_device **out)
{
	struct npu_device *dev;
	int err;

	*out = NULL;
	dev = calloc(1, sizeof(*dev));
	if (!dev)
		return npu_fail(-ENOMEM, "out of memory");
	dev->fd = -1;

	err = npu_find_at("", name, &dev->node);
	if (err)
		goto err_close;
	dev->fd = open_node(&dev->node);
	if (dev->fd < 0) {
		err = dev->fd;
		goto err_close;
	}
	err = check_version(dev);
	if (!err)
		err = read_info(dev);
	if (err)
		goto err_close;
	*out = dev;
	return 0;

err_close:
	npu_device_close(dev);
	return err;
}

void npu_device_close(struct npu_device *dev)
{
	if (!dev)
		return;
	if (dev->fd >= 0)
		close(dev->fd);
	free(dev);
}

int npu_device_fd(const struct npu_device *dev)
{
	return dev->fd;
}

const struct drm_npu_query_device *npu_device_info(const struct npu_device *dev)
{
	return &dev->info;
}

const struct npu_node *npu_device_node(const struct npu_device *dev)
{
	return &dev->node;
}
