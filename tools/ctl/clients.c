// SPDX-License-Identifier: MIT
/* Who has cards open: the fdinfo files of all processes that we may read. */
#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

/* The value of "key:<blanks>value" if the line has that key. */
static const char *value_of(const char *line, const char *key)
{
	size_t length = strlen(key);

	if (strncmp(line, key, length) || line[length] != ':')
		return NULL;
	line += length + 1;
	return line + strspn(line, " \t");
}

static void copy_word(char *to, size_t size, const char *from)
{
	size_t length = strcspn(from, " \t\n");

	snprintf(to, size, "%.*s", (int)length, from);
}

bool client_parse(FILE *fdinfo, struct client *client)
{
	char line[256], driver[32] = "";
	const char *value;

	client->pci[0] = '\0';
	client->id = 0;
	while (fgets(line, sizeof(line), fdinfo)) {
		value = value_of(line, "drm-driver");
		if (value)
			copy_word(driver, sizeof(driver), value);
		value = value_of(line, "drm-pdev");
		if (value)
			copy_word(client->pci, sizeof(client->pci), value);
		value = value_of(line, "drm-client-id");
		if (value)
			client->id = strtoull(value, NULL, 10);
	}
	return !strcmp(driver, DRM_NPU_DRIVER_NAME) && client->pci[0];
}

static void read_name(struct client *client)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)client->pid);
	file = fopen(path, "re");
	if (!file || !fgets(client->name, sizeof(client->name), file))
		strcpy(client->name, "?");
	if (file)
		fclose(file);
	client->name[strcspn(client->name, "\n")] = '\0';
	sanitize(client->name);
}

/* Only device files: the others' fdinfo can be costly to read. */
static bool is_accel(int dir, const char *fd)
{
	char path[32], target[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "../fd/%.10s", fd);
	n = readlinkat(dir, path, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = '\0';
	return !strncmp(target, "/dev/accel/", 11);
}

static FILE *open_at(int dir, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dir, name);
	return fopen(path, "re");
}

#define CLIENTS_OF_PROCESS 256

struct seen {
	uint64_t id[CLIENTS_OF_PROCESS];
	unsigned int count;
};

/* Descriptors that were duplicated are one client. */
static bool is_new(struct seen *seen, uint64_t id)
{
	unsigned int i;

	for (i = 0; i < seen->count; i++) {
		if (seen->id[i] == id)
			return false;
	}
	if (seen->count < CLIENTS_OF_PROCESS)
		seen->id[seen->count++] = id;
	return true;
}

static void look_at_process(pid_t pid, FILE *out)
{
	struct client client = { .pid = pid };
	struct seen seen = { .count = 0 };
	struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo", (int)pid);
	dir = opendir(path);
	if (!dir)
		return;
	read_name(&client);
	while ((entry = readdir(dir))) {
		FILE *file;

		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    !is_accel(dirfd(dir), entry->d_name))
			continue;
		file = open_at(dirfd(dir), entry->d_name);
		if (!file)
			continue;
		if (client_parse(file, &client) && is_new(&seen, client.id))
			fwrite(&client, sizeof(client), 1, out);
		fclose(file);
	}
	closedir(dir);
}

static bool is_ours(pid_t pid, const struct own_looks *own)
{
	unsigned int i;

	for (i = 0; i < own->count; i++) {
		if (own->looks[i].pid == pid)
			return true;
	}
	return false;
}

void clients_look(const void *arg, FILE *out)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	pid_t pid;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		pid = atoi(entry->d_name);
		if (pid > 0 && !is_ours(pid, arg))
			look_at_process(pid, out);
	}
	closedir(dir);
}
