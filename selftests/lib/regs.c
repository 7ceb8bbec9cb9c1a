// SPDX-License-Identifier: GPL-2.0-only
/* The card's registers, behind the driver's back. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <npu/regs.h>

#include "npu_test.h"

/* Up to the last doorbell. */
#define REGS_SIZE	NPU_REG_DOORBELL(NPU_MAX_QUEUES)
/* The driver's copies and clears go through it. */
#define DRIVERS_QUEUE	NPU_REG_QUEUE(0)

int npt_regs_map(struct npt_regs *regs)
{
	struct npt_card card;
	char path[128];
	int fd, err;

	err = npt_find(&card);
	if (err)
		return err;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource0", card.pci);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	regs->map = mmap(NULL, REGS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	err = regs->map == MAP_FAILED ? -errno : 0;
	close(fd);
	return err;
}

void npt_regs_unmap(struct npt_regs *regs)
{
	munmap((void *)regs->map, REGS_SIZE);
}

static void control(struct npt_regs *regs, uint32_t value)
{
	regs->map[(DRIVERS_QUEUE + NPU_QUEUE_CONTROL) / 4] = value;
}

static bool has_stopped(void *arg)
{
	const struct npt_regs *regs = arg;

	return regs->map[(DRIVERS_QUEUE + NPU_QUEUE_STATE) / 4] == NPU_QUEUE_STOPPED;
}

bool npt_drivers_queue_stop(struct npt_regs *regs)
{
	control(regs, NPU_QUEUE_CONTROL_STOP);
	return npt_until(has_stopped, regs, NPT_LIMIT_MS);
}

void npt_drivers_queue_fail(struct npt_regs *regs)
{
	control(regs, NPU_QUEUE_CONTROL_DISABLE);
	regs->map[(DRIVERS_QUEUE + NPU_QUEUE_RING_ORDER) / 4] = ~0u;
	control(regs, NPU_QUEUE_CONTROL_ENABLE);
}
