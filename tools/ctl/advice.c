// SPDX-License-Identifier: MIT
/* What is wrong, and what to type next. */
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <npu/regs.h>

#include "ctl.h"

#define PCI_DEVICES "/sys/bus/pci/devices"

static bool read_hex(const char *address, const char *file, unsigned int *value)
{
	char path[PATH_MAX];
	FILE *in;
	bool ok;

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/%s", address, file);
	in = fopen(path, "re");
	if (!in)
		return false;
	ok = fscanf(in, "%x", value) == 1;
	fclose(in);
	return ok;
}

static bool is_card(const char *address)
{
	unsigned int vendor, device;

	return read_hex(address, "vendor", &vendor) &&
	       read_hex(address, "device", &device) && vendor == NPU_PCI_VENDOR_ID &&
	       device == NPU_PCI_DEVICE_ID;
}

/* The first PCI function that looks like a card, "" if there is none. */
static void find_function(char *first, size_t size)
{
	DIR *dir = opendir(PCI_DEVICES);
	struct dirent *entry;

	first[0] = '\0';
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] != '.' && is_card(entry->d_name) &&
		    (!first[0] || strcmp(entry->d_name, first) < 0))
			snprintf(first, size, "%s", entry->d_name);
	}
	if (dir)
		closedir(dir);
}

void advise_no_card(void)
{
	bool loaded = !access("/sys/module/npu", F_OK);
	char first[NAME_MAX + 1];

	find_function(first, sizeof(first));
	if (!first[0])
		fprintf(stderr,
			"npuctl: no card: no PCI function has the id %04x:%04x; type: lspci -nn\n",
			NPU_PCI_VENDOR_ID, NPU_PCI_DEVICE_ID);
	else if (!loaded)
		fprintf(stderr,
			"npuctl: no card: the npu driver is not loaded, but there is a function at %s; type: modprobe npu\n",
			first);
	else
		fprintf(stderr,
			"npuctl: no card: the npu driver did not take the function at %s; type: dmesg | grep npu\n",
			first);
}

static void advise_permission(const struct card *card)
{
	struct group *group;
	struct stat file;

	fprintf(stderr, "npuctl: %s; ", card->state.detail);
	if (stat(card->node.path, &file) || !file.st_gid || !(file.st_mode & S_IWGRP)) {
		fprintf(stderr,
			"only root may: install 60-npu.rules in /etc/udev/rules.d and type: udevadm trigger\n");
		return;
	}
	group = getgrgid(file.st_gid);
	if (group)
		fprintf(stderr,
			"the group %s may: type: sudo usermod -aG %s $USER, and log in again\n",
			group->gr_name, group->gr_name);
	else
		fprintf(stderr, "the group %u may, which has no name here\n",
			(unsigned int)file.st_gid);
}

void advise_card(const struct card *card)
{
	const char *detail = card->state.detail;

	switch (card->state.err) {
	case 0:
		if (card->state.info.health != DRM_NPU_HEALTH_OK)
			fprintf(stderr, "npuctl: %s is %s; type: dmesg | grep npu\n",
				card->node.name, card_health(card));
		break;
	case -EACCES:
		advise_permission(card);
		break;
	case -ETIMEDOUT:
		fprintf(stderr,
			"npuctl: %s; type: dmesg | grep npu, and to reset it: echo 1 > " PCI_DEVICES
			"/%s/reset\n",
			detail, card->node.pci);
		break;
	case -ENODEV:
		fprintf(stderr, "npuctl: %s\n", detail);
		break;
	default:
		fprintf(stderr, "npuctl: %s; type: dmesg | grep npu\n", detail);
		break;
	}
}
