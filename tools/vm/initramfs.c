// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cpio.h"
#include "elf.h"
#include "frame.h"
#include "initramfs.h"
#include "layout.h"
#include "modules.h"
#include "report.h"

/* What the guest's first file system is written from, and how far it is. */
struct initramfs {
	struct cpio cpio;
	const struct vm_kernel *kernel;
	char *modules;		  /* in the guest */
	const struct strv *extra; /* modules */
	struct strv libraries;	  /* of the host, written so far */
	bool has_loader;
};

static char *need_file(const char *path, size_t *size)
{
	char *data = read_whole_file(path, size);

	if (!data)
		vm_die("%s: %s", path, strerror(errno));
	return data;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void add_text(struct initramfs *r, const char *path, const char *text)
{
	cpio_file(&r->cpio, path, 0644, text, strlen(text));
}

static void add_file(struct initramfs *r, const char *from, const char *to,
		     unsigned int mode)
{
	size_t size;
	char *data = need_file(from, &size);

	cpio_file(&r->cpio, to, mode, data, size);
	free(data);
}

/* ---- Programs -------------------------------------------------------------- */

/*
 * A library is found where programs of this host look for it, too, so that those
 * which the user brings along run without an rpath.
 */
static void add_library(struct initramfs *r, const char *from)
{
	char *to = str_format(VM_LIB "/%s", base_name(from));

	add_file(r, from, to, 0755);
	if (!strncmp(from, "/lib/", 5) || !strncmp(from, "/usr/lib/", 9))
		cpio_link(&r->cpio, from, to);
	free(to);
}

static void add_libraries(struct initramfs *r, const char *loader, const char *program)
{
	struct strv *paths = &r->libraries;
	size_t have = paths->n;

	if (!elf_libraries(loader, program, vm_need(VM_PIECE_LIBRARIES), paths))
		vm_die("%s needs a library that is not there; type: ldd %s", program,
		       program);
	for (; have < paths->n; have++)
		add_library(r, paths->v[have]);
	if (r->has_loader)
		return;
	add_file(r, loader, VM_LOADER, 0755);
	cpio_link(&r->cpio, loader, VM_LOADER);
	r->has_loader = true;
}

/*
 * A program goes to VM_LIBEXEC with its loader named anew, and into the directory
 * goes a link to the agent, which knows how to start it.  Other files are copied.
 */
static void add_program(struct initramfs *r, const char *from, const char *to_dir)
{
	const char *name = base_name(from);
	size_t size;
	char *data = need_file(from, &size), *loader = elf_interpreter(data, size);
	char *link = str_format("%s/%s", to_dir, name);
	char *path = str_format(VM_LIBEXEC "/%s", name);

	if (!loader) {
		cpio_file(&r->cpio, link, 0755, data, size);
	} else {
		add_libraries(r, loader, from);
		if (!elf_set_interpreter(data, size, VM_LOADER))
			vm_die("%s: the name of its loader is too short", from);
		cpio_file(&r->cpio, path, 0755, data, size);
		cpio_link(&r->cpio, link, VM_AGENT);
	}
	free(path);
	free(link);
	free(loader);
	free(data);
}

/* Plain files below a directory; executables become programs of the guest. */
static void add_tree(struct initramfs *r, const char *from, const char *to)
{
	DIR *dir = opendir(from);
	struct dirent *e;
	struct stat st;

	cpio_dir(&r->cpio, to, 0755);
	while (dir && (e = readdir(dir))) {
		char *path = str_format("%s/%s", from, e->d_name);
		char *target = str_format("%s/%s", to, e->d_name);

		if (*e->d_name == '.' || stat(path, &st))
			; /* hidden: a build's own */
		else if (S_ISDIR(st.st_mode))
			add_tree(r, path, target);
		else if (S_ISREG(st.st_mode) && st.st_mode & 0111)
			add_program(r, path, to);
		else if (S_ISREG(st.st_mode))
			add_file(r, path, target, 0644);
		free(path);
		free(target);
	}
	if (dir)
		closedir(dir);
}

static void add_tools(struct initramfs *r)
{
	static const enum vm_piece tools[] = { VM_PIECE_NPUCTL, VM_PIECE_NPU_RUN };

	cpio_dir(&r->cpio, VM_BIN, 0755);
	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++)
		add_program(r, vm_need(tools[i]), VM_BIN);
	if (vm_find(VM_PIECE_NPU_BENCH))
		add_program(r, vm_find(VM_PIECE_NPU_BENCH), VM_BIN);
	if (vm_find(VM_PIECE_MODELS))
		add_tree(r, vm_find(VM_PIECE_MODELS), VM_SHARE_DATA "/npu/models");
	if (vm_find(VM_PIECE_SELFTESTS))
		add_tree(r, vm_find(VM_PIECE_SELFTESTS), VM_SELFTESTS);
}

/* ---- Modules --------------------------------------------------------------- */

/* "FILE: FILE...", what must be loaded first last, as in modules.dep. */
static char *dep_line(const char *name, const struct strv *files, size_t n)
{
	char *line = str_format("%s:", name);

	for (size_t i = n; i-- > 0;) {
		char *longer = str_format("%s %s", line, files->v[i]);

		free(line);
		line = longer;
	}
	return line;
}

static char *append(char *text, const char *line)
{
	char *longer = str_format("%s%s\n", text, line);

	free(text);
	return longer;
}

/* The name that a module has in the guest, where it is not packed. */
static char *unpacked_name(const char *file)
{
	const char *ko = strstr(file, ".ko");

	return strndup(file, ko - file + strlen(".ko"));
}

static void add_module(struct initramfs *r, const char *from, const char *to)
{
	size_t size;
	char *data = module_read(from, &size);

	if (!data)
		vm_die("%s: cannot be read", from);
	cpio_file(&r->cpio, to, 0644, data, size);
	free(data);
}

/*
 * Write modules that are not there yet, add their lines to the modules.dep, and
 * return the list of their paths in the order of loading.  The files get the names
 * that they have in the guest.
 */
static char *add_modules(struct initramfs *r, struct strv *files, struct strv *written,
			 char **dep)
{
	char *list = str_format("%s", "");

	for (size_t i = 0; i < files->n; i++) {
		char *name = unpacked_name(files->v[i]);
		char *from = str_format("%s/%s", r->kernel->modules, files->v[i]);
		char *to = str_format("%s/%s", r->modules, name);

		list = append(list, to);
		if (!strv_has(written, name)) {
			add_module(r, from, to);
			*dep = append(*dep, dep_line(name, files, i));
			strv_add(written, "%s", name);
		}
		free(files->v[i]);
		files->v[i] = name;
		free(from);
		free(to);
	}
	return list;
}

static void check_driver(const struct initramfs *r, const char *data, size_t size)
{
	const char *magic = module_info(data, size, "vermagic");
	size_t length = strlen(r->kernel->release);

	if (!magic)
		vm_die("%s is no kernel module; type: make modules",
		       vm_need(VM_PIECE_MODULE));
	if (strncmp(magic, r->kernel->release, length) || magic[length] != ' ')
		vm_die("npu.ko is built for kernel %.*s, not for %s; type: "
		       "make modules KDIR=DIR with the headers of %s",
		       (int)strcspn(magic, " "), magic, r->kernel->release,
		       r->kernel->release);
}

static void resolve_driver(const struct initramfs *r, const char *data, size_t size,
			   struct strv *files)
{
	const char *depends = module_info(data, size, "depends");
	char *copy = strdup(depends ? depends : ""), *rest = copy, *name;

	while (copy && (name = strsep(&rest, ",")))
		if (*name && r->kernel->modules)
			modules_resolve(r->kernel->modules, name, files);
	free(copy);
}

static void resolve_extra(const struct initramfs *r, struct strv *files)
{
	for (size_t i = 0; i < r->extra->n; i++) {
		struct strv own = { 0 };

		if (r->kernel->modules)
			modules_resolve(r->kernel->modules, r->extra->v[i], &own);
		if (!own.n)
			vm_die("--module %s: the guest's kernel has no such module",
			       r->extra->v[i]);
		modules_resolve(r->kernel->modules, r->extra->v[i], files);
	}
}

static void add_all_modules(struct initramfs *r)
{
	static const char *const p9[] = { "9pnet_virtio", "9p", "overlay" };
	struct strv p9_files = { 0 }, npu_files = { 0 }, written = { 0 };
	char *dep = str_format("%s", ""), *list, *path;
	size_t size;
	char *driver = need_file(vm_need(VM_PIECE_MODULE), &size);

	check_driver(r, driver, size);
	for (size_t i = 0; i < 3 && r->kernel->modules; i++)
		modules_resolve(r->kernel->modules, p9[i], &p9_files);
	resolve_extra(r, &npu_files);
	resolve_driver(r, driver, size, &npu_files);
	add_text(r, VM_LOAD_9P, add_modules(r, &p9_files, &written, &dep));

	path = str_format("%s/extra/npu.ko", r->modules);
	list = add_modules(r, &npu_files, &written, &dep);
	add_text(r, VM_LOAD_NPU, append(list, path));
	cpio_file(&r->cpio, path, 0644, driver, size);
	dep = append(dep, dep_line("extra/npu.ko", &npu_files, npu_files.n));
	add_text(r, str_format("%s/modules.dep", r->modules), dep);
	free(driver);
	free(path);
}

/* ---- The rest -------------------------------------------------------------- */

static void add_busybox(struct initramfs *r)
{
	const char *busybox = vm_need(VM_PIECE_BUSYBOX);
	char *argv[] = { (char *)busybox, "--list-full", NULL };
	size_t size;
	char *data = need_file(busybox, &size), *names, *rest, *name;

	if (elf_interpreter(data, size))
		vm_die("%s is not static; type: apt-get install busybox-static", busybox);
	cpio_file(&r->cpio, "/bin/busybox", 0755, data, size);
	rest = names = read_program(argv, &size);
	while (names && (name = strsep(&rest, "\n"))) {
		char *path = str_format("/%s", name);

		if (*name && strcmp(path, "/bin/busybox"))
			cpio_link(&r->cpio, path, "/bin/busybox");
		free(path);
	}
	free(names);
	free(data);
}

static void add_system(struct initramfs *r)
{
	static const char *const dirs[] = { "/proc", "/sys", "/root", "/mnt", "/var" };

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		cpio_dir(&r->cpio, dirs[i], 0755);
	cpio_dir(&r->cpio, "/tmp", 01777);
	cpio_char_device(&r->cpio, "/dev/console", 0600, 5, 1);
	add_text(r, "/etc/passwd",
		 "root:x:0:0:root:/root:/bin/sh\n"
		 "nobody:x:65534:65534:nobody:/:/bin/sh\n");
	add_text(r, "/etc/group", "root:x:0:\nnogroup:x:65534:\n");
	add_file(r, vm_need(VM_PIECE_AGENT), VM_AGENT, 0755);
	cpio_link(&r->cpio, "/init", VM_AGENT);
	cpio_link(&r->cpio, "/lib/modules", VM_MODULES);
}

void vm_write_initramfs(FILE *f, const struct vm_kernel *kernel,
			const struct strv *modules)
{
	struct initramfs r = { .cpio = { .f = f }, .kernel = kernel, .extra = modules };

	r.modules = str_format(VM_MODULES "/%s", kernel->release);
	add_system(&r);
	add_busybox(&r);
	add_all_modules(&r);
	add_tools(&r);
	cpio_end(&r.cpio);
	if (ferror(f))
		vm_die("cannot write the initramfs: %s", strerror(errno));
	free(r.modules);
}
