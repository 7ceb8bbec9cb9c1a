// SPDX-License-Identifier: GPL-2.0-only
/* The machine around the card: time, files, the bus, the module, the log. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "npu_test.h"

#define POLL_MS		2

uint64_t npt_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

uint64_t npt_now_ms(void)
{
	return npt_now_ns() / 1000000;
}

void npt_sleep_ms(unsigned int ms)
{
	struct timespec time = {
		.tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000l,
	};

	while (nanosleep(&time, &time) && errno == EINTR)
		;
}

bool npt_until(bool (*fn)(void *arg), void *arg, unsigned int ms)
{
	uint64_t end = npt_now_ms() + ms;

	while (!fn(arg)) {
		if (npt_now_ms() >= end)
			return fn(arg);
		npt_sleep_ms(POLL_MS);
	}
	return true;
}

int npt_write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t written;
	int err = 0;

	if (fd < 0)
		return -errno;
	written = write(fd, text, strlen(text));
	if (written < 0)
		err = -errno;
	close(fd);
	return err;
}

ssize_t npt_read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len, total = 0;

	if (fd < 0)
		return -errno;
	while ((len = read(fd, text + total, size - 1 - total)) > 0)
		total += len;
	close(fd);
	text[total] = 0;
	return total;
}

/* Write 1 to a file of the card's in sysfs. */
static int pci_do(const struct npt_card *card, const char *what)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", card->pci, what);
	return npt_write_file(path, "1");
}

int npt_pci_remove(const struct npt_card *card)
{
	return pci_do(card, "remove");
}

int npt_pci_reset(const struct npt_card *card)
{
	return pci_do(card, "reset");
}

static bool card_opens(void *arg)
{
	int fd = npt_open();

	(void)arg;
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

int npt_pci_rescan(void)
{
	int err = npt_write_file("/sys/bus/pci/rescan", "1");

	if (err)
		return err;
	return npt_until(card_opens, NULL, NPT_LIMIT_MS) ? 0 : -ENODEV;
}

int npt_module_unload(void)
{
	return syscall(SYS_delete_module, "npu", O_NONBLOCK) ? -errno : 0;
}

static int module_insert(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (syscall(SYS_finit_module, fd, "", 0))
		err = -errno;
	close(fd);
	return err;
}

/* The file in $NPU_KO; without it, whatever modprobe finds. */
int npt_module_load(void)
{
	const char *path = getenv("NPU_KO");
	int err;

	if (path)
		err = module_insert(path);
	else
		err = system("modprobe npu") ? -ENOENT : 0;
	if (err)
		return err;
	return npt_until(card_opens, NULL, NPT_LIMIT_MS) ? 0 : -ENODEV;
}

uint64_t npt_kernel_lines(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char record[8192];
	uint64_t lines = 0;
	ssize_t len;

	if (fd < 0)
		return 0;
	/* -EPIPE: some were overwritten meanwhile, the next read goes on. */
	while ((len = read(fd, record, sizeof(record) - 1)) > 0 ||
	       (len < 0 && errno == EPIPE)) {
		unsigned long long sequence;

		if (len < 0)
			continue;
		record[len] = 0;
		if (sscanf(record, "%*u,%llu", &sequence) == 1)
			lines = sequence + 1;
	}
	close(fd);
	return lines;
}

int npt_send_fd(int sock, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char byte = 0;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return sendmsg(sock, &msg, 0) < 0 ? -errno : 0;
}

int npt_recv_fd(int sock)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;
	int fd;

	if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) < 0)
		return -errno;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg || cmsg->cmsg_type != SCM_RIGHTS)
		return -EBADMSG;
	memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	return fd;
}
