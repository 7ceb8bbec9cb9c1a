// SPDX-License-Identifier: MIT
/* Finding a model and its data. */
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model.h"

#define DATA_SET "test_data_set_0"

static bool is_directory(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

static bool exists(const char *path)
{
	return !access(path, F_OK);
}

/* A new string, NULL when memory ran out. */
__attribute__((format(printf, 1, 2))) static char *text(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	return n < 0 ? NULL : s;
}

/* Where this program lies, "." if nobody tells. */
static void program_folder(char *path, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", path, size - 1);
	char *slash;

	path[n < 0 ? 0 : n] = '\0';
	slash = strrchr(path, '/');
	if (slash)
		*slash = '\0';
	else
		snprintf(path, size, ".");
}

/*
 * A model that comes with the tools: in the directory that the environment names, in
 * the source tree, or in an installed one.
 */
static char *shipped(const char *name)
{
	static const char *const places[] = { "run", "../share/npu" };
	const char *data = getenv("NPU_DATA_DIR");
	char folder[PATH_MAX];
	unsigned int i;
	char *path;

	if (strchr(name, '/'))
		return NULL;
	if (data) {
		path = text("%s/models/%s", data, name);
		if (path && exists(path))
			return path;
		free(path);
	}
	program_folder(folder, sizeof(folder));
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		path = text("%s/%s/models/%s", folder, places[i], name);
		if (path && exists(path))
			return path;
		free(path);
	}
	return NULL;
}

/* "model" out of "path/to/model.onnx", "digits" out of "path/to/digits/". */
static char *model_name(const char *path)
{
	char whole[PATH_MAX], *copy, *name, *end;

	if (!realpath(path, whole))
		snprintf(whole, sizeof(whole), "%s", path);
	copy = strdup(whole);
	if (!copy)
		return NULL;
	name = basename(copy);
	end = strrchr(name, '.');
	if (end && end != name && !strcmp(end, ".onnx"))
		*end = '\0';
	name = strdup(name);
	free(copy);
	return name;
}

/* PREFIX_0.pb, PREFIX_1.pb, ... as far as they go. */
static unsigned int numbered(const char *folder, const char *prefix, char **to)
{
	unsigned int n;
	char *path;

	for (n = 0; n < MAX_FILES; n++) {
		path = text("%s/" DATA_SET "/%s_%u.pb", folder, prefix, n);
		if (!path || !exists(path)) {
			free(path);
			break;
		}
		to[n] = path;
	}
	return n;
}

static int find_in_folder(struct files *f, const char *folder, struct error *err)
{
	f->model = text("%s/model.onnx", folder);
	if (!f->model)
		return fail(err, "out of memory");
	if (!exists(f->model))
		return fail(err, "no model.onnx in it");
	f->inputs = numbered(folder, "input", f->input);
	f->expects = numbered(folder, "output", f->expect);
	f->labels = text("%s/" DATA_SET "/labels.pb", folder);
	if (f->labels && !exists(f->labels)) {
		free(f->labels);
		f->labels = NULL;
	}
	return 0;
}

int files_find(struct files *f, const char *what, struct error *err)
{
	char *path = exists(what) ? strdup(what) : shipped(what);
	int ret = 0;

	memset(f, 0, sizeof(*f));
	if (!path)
		return fail(err, "no such file, directory or model");
	f->name = model_name(path);
	if (is_directory(path)) {
		ret = find_in_folder(f, path, err);
		free(path);
	} else {
		f->model = path;
	}
	return ret;
}

void files_free(struct files *f)
{
	unsigned int i;

	for (i = 0; i < f->inputs; i++)
		free(f->input[i]);
	for (i = 0; i < f->expects; i++)
		free(f->expect[i]);
	free(f->labels);
	free(f->model);
	free(f->name);
}
