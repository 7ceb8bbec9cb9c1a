// SPDX-License-Identifier: MIT
/* Whole VMs: how long one takes to its answer, and what one costs that does nothing. */
#include <string.h>

#include "host.h"

static const char *const with_card[] = { NULL };
static const char *const without_card[] = { "--cards", "0", NULL };

void nothing(const char *name)
{
	(void)name;
}

/* Seconds from the start to the first line of the command's output. */
static double boot(const char *const *options, const char *const *command,
		   const char *word)
{
	struct vm vm;
	char line[256];
	double taken;

	vm_start(&vm, options, command);
	vm_read_line(&vm, line, sizeof(line));
	taken = now() - vm.started;
	if (!strstr(line, word))
		die("%s says: %s", command[0], line);
	vm_end(&vm);
	return taken;
}

/* Its status tells whether the answer was right. */
double boot_answer(const char *name)
{
	static const char *const command[] = { "npu-run", "digits", NULL };

	(void)name;
	return boot(with_card, command, "correct");
}

double boot_bare(const char *name)
{
	static const char *const command[] = { "echo", "up", NULL };

	(void)name;
	return boot(without_card, command, "up");
}

/* ---- Idling -------------------------------------------------------------------- */

static struct vm bare;

/* Per cent of a processor, after the VM has come to rest. */
static double idle(const struct vm *vm)
{
	double window = bench_options.quick ? 0.5 : 4, used = vm_cpu_time(vm),
	       start = now();

	sleep_for(window);
	return 100 * (vm_cpu_time(vm) - used) / (now() - start);
}

double idle_card(const char *name)
{
	(void)name;
	return idle(guest_vm());
}

void idle_bare_begin(const char *name)
{
	static const char *const command[] = { "sh", "-c", "echo up; cat", NULL };
	char line[16];

	(void)name;
	vm_start(&bare, without_card, command);
	vm_read_line(&bare, line, sizeof(line));
	guest_vm();
	/* What a boot leaves to do is done by then. */
	sleep_for(bench_options.quick ? 0.5 : 5);
}

double idle_bare(const char *name)
{
	(void)name;
	return idle(&bare);
}

void idle_bare_end(const char *name)
{
	(void)name;
	vm_end(&bare);
}
