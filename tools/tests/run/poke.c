// SPDX-License-Identifier: MIT
/*
 * Overwrite one float in a file that maps a card's memory, behind the driver's back:
 *
 *     poke /sys/bus/pci/devices/0000:01:00.0/resource2 OFFSET VALUE
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	unsigned long long offset, page = sysconf(_SC_PAGESIZE);
	float value;
	char *map;
	int fd;

	if (argc != 4) {
		fputs("usage: poke FILE OFFSET VALUE\n", stderr);
		return 2;
	}
	offset = strtoull(argv[2], NULL, 0);
	value = strtof(argv[3], NULL);
	fd = open(argv[1], O_RDWR);
	if (fd < 0) {
		fprintf(stderr, "poke: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	map = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		   offset / page * page);
	if (map == MAP_FAILED) {
		fprintf(stderr, "poke: cannot map %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	*(volatile float *)(map + offset % page) = value;
	return 0;
}
