// SPDX-License-Identifier: MIT
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "frame.h"
#include "layout.h"
#include "report.h"

/*
 * Whatever can be left out of a boot, and what makes a fault show itself: an oops
 * is a panic, a panic ends QEMU, memory is not cleared behind the driver's back, and
 * an IOMMU forgets at once what is unmapped.  The watchdogs are patient, since an emulated processor can be, and the timer
 * is not doubted: on a busy host it may be late, which ends a boot with an IOMMU.  Who
 * debugs the driver may look at a card's BARs through sysfs while it is loaded.
 */
#define KERNEL_WORDS                                                                   \
	"console=ttyS0 loglevel=7 panic=-1 oops=panic init_on_alloc=0 "                \
	"mitigations=off nokaslr tsc=reliable random.trust_cpu=on audit=0 apparmor=0 " \
	"cryptomgr.notests rcupdate.rcu_cpu_stall_timeout=120 watchdog_thresh=60 "     \
	"pci=hpiosize=0 iomem=relaxed no_timer_check"

/* The kernel cuts off what is longer. */
#define KERNEL_WORDS_MAX 2048

#define FIRMWARE "/usr/share/seabios", "/usr/share/qemu"

/* In QEMU's option lists a comma is doubled. */
static char *double_commas(const char *text)
{
	char *out = vm_alloc(2 * strlen(text) + 1), *to = out;

	for (; *text; text++) {
		if (*text == ',')
			*to++ = ',';
		*to++ = *text;
	}
	return out;
}

static void add2(struct strv *args, const char *option, const char *value)
{
	strv_add(args, "%s", option);
	strv_add(args, "%s", value);
}

static void add_machine(const struct vm_command *c, struct strv *args)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	static const char *const firmware[] = { FIRMWARE };
	unsigned long long mib = c->options->memory >> 20;

	strv_add(args, "%s", vm_need(VM_PIECE_QEMU));
	for (size_t i = 0; i < sizeof(firmware) / sizeof(firmware[0]); i++)
		add2(args, "-L", firmware[i]);
	add2(args, "-name", "npu-vm");
	strv_add(args, "-nodefaults");
	strv_add(args, "-no-user-config");
	strv_add(args, "-no-reboot");
	add2(args, "-display", "none");
	strv_add(args, "-machine");
	strv_add(args, "q35,accel=%s%s", c->kvm ? "kvm" : "tcg",
		 c->kvm && c->options->iommu ? ",kernel-irqchip=split" : "");
	strv_add(args, "-cpu");
	if (c->kvm)
		strv_add(args, "host");
	else
		strv_add(args, "max,phys-bits=%u",
			 c->cards->bits > 40 ? c->cards->bits : 40);
	strv_add(args, "-smp");
	strv_add(args, "%ld", cpus < 2 ? 2 : cpus > 4 ? 4 : cpus);
	strv_add(args, "-m");
	if (c->cards->above_1t)
		strv_add(args, "%lluM,slots=1,maxmem=%lluM", mib, mib + 1024);
	else
		strv_add(args, "%lluM", mib);
	/* Before the devices that are behind it. */
	if (c->options->iommu)
		add2(args, "-device", "intel-iommu,intremap=on,aw-bits=48");
}

static void add_9p(struct strv *args, const char *id, const char *tag, const char *dir,
		   bool read_only)
{
	char *real = realpath(dir, NULL), *path = double_commas(real ? real : dir);

	strv_add(args, "-fsdev");
	strv_add(args, "local,id=%s,path=%s,security_model=none,multidevs=remap%s", id,
		 path, read_only ? ",readonly=on" : "");
	strv_add(args, "-device");
	strv_add(args, "virtio-9p-pci,fsdev=%s,mount_tag=%s", id, tag);
	free(path);
	free(real);
}

static void add_socket(struct strv *args, const char *option, const char *socket)
{
	char *path = double_commas(socket);

	strv_add(args, "%s", option);
	strv_add(args, "unix:%s,server=on,wait=off", path);
	free(path);
}

static void add_channels(const struct vm_command *c, struct strv *args)
{
	if (c->agent < 0) {
		add2(args, "-serial", "mon:stdio");
		return;
	}
	strv_add(args, "-chardev");
	strv_add(args, "socket,id=console,fd=%d", c->console);
	add2(args, "-serial", "chardev:console");
	strv_add(args, "-chardev");
	strv_add(args, "socket,id=agent,fd=%d", c->agent);
	add2(args, "-device", "virtio-serial-pci");
	add2(args, "-device", "virtserialport,chardev=agent,name=" VM_PORT);
}

/* One word of the kernel command line, which has no quotes. */
static char *encode_command(char **command)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	for (char **arg = command; f && *arg; arg++) {
		if (arg != command)
			fputc(',', f);
		for (const unsigned char *s = (unsigned char *)*arg; *s; s++) {
			if (isalnum(*s) || strchr("/._-=:+@", *s))
				fputc(*s, f);
			else
				fprintf(f, "%%%02x", *s);
		}
	}
	if (f)
		fclose(f);
	return text;
}

static void add_kernel(const struct vm_command *c, struct strv *args)
{
	const struct vm_options *o = c->options;
	char *append = str_format(KERNEL_WORDS);
	struct strv words = { 0 };

	if (o->root)
		strv_add(&words, VM_ARG_ROOT "=%s", o->root_rw ? "rw" : "ro");
	if (o->share)
		strv_add(&words, VM_ARG_SHARE);
	if (o->iommu)
		strv_add(&words, "intel_iommu=on iommu.strict=1");
	if (c->agent < 0)
		strv_add(&words, VM_ARG_CONSOLE);
	if (c->agent < 0 && o->command)
		strv_add(&words, VM_ARG_COMMAND "=%s", encode_command(o->command));
	for (size_t i = 0; i < words.n; i++) {
		char *longer = str_format("%s %s", append, words.v[i]);

		free(append);
		append = longer;
	}
	if (strlen(append) >= KERNEL_WORDS_MAX)
		vm_die("the command is too long to be printed; put it into a file in a "
		       "shared directory");
	add2(args, "-kernel", c->kernel->image);
	add2(args, "-initrd", c->initramfs);
	add2(args, "-append", append);
	free(append);
}

void vm_build_command(const struct vm_command *c, struct strv *args)
{
	const struct vm_options *o = c->options;

	add_machine(c, args);
	add_kernel(c, args);
	vm_add_cards(c->cards, args);
	add_channels(c, args);
	if (o->root)
		add_9p(args, "root", VM_TAG_ROOT, o->root, !o->root_rw);
	if (o->share)
		add_9p(args, "share", VM_TAG_SHARE, o->share, false);
	if (o->qmp)
		add_socket(args, "-qmp", o->qmp);
	if (o->gdb && *o->gdb)
		add_socket(args, "-gdb", o->gdb);
	else if (o->gdb)
		add2(args, "-gdb", "tcp:127.0.0.1:1234");
	for (size_t i = 0; i < o->qemu_args.n; i++)
		strv_add(args, "%s", o->qemu_args.v[i]);
}

static void print_quoted(const char *arg)
{
	if (*arg &&
	    !arg[strspn(arg, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "0123456789/._-=:+@,%")]) {
		fputs(arg, stdout);
		return;
	}
	putchar('\'');
	for (; *arg; arg++) {
		if (*arg == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*arg);
	}
	putchar('\'');
}

/* An option and its value on a line. */
void vm_print_command(const struct strv *args)
{
	for (size_t i = 0; i < args->n; i++) {
		if (i)
			fputs(args->v[i][0] == '-' ? " \\\n    " : " ", stdout);
		print_quoted(args->v[i]);
	}
	putchar('\n');
}
