// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host.h"

#define MAX_ARGS 64
/* Longer than anything that is measured, for a machine that is busy. */
#define TIMEOUT "1800"

static void run_vm(const char *const *options, const char *const *command, int in,
		   int out)
{
	const char *argv[MAX_ARGS] = { "npu-vm", "--timeout", TIMEOUT };
	size_t n = 3;

	while (*options)
		argv[n++] = *options++;
	argv[n++] = "--";
	while (*command)
		argv[n++] = *command++;
	/* No VM outlives us. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	execv(bench_options.npu_vm, (char **)argv);
	fprintf(stderr, "npu-bench-host: %s: %s\n", bench_options.npu_vm,
		strerror(errno));
	_exit(125);
}

void vm_start(struct vm *vm, const char *const *options, const char *const *command)
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		die("no pipes: %s", strerror(errno));
	fflush(stdout);
	vm->started = now();
	vm->pid = fork();
	if (vm->pid < 0)
		die("no process: %s", strerror(errno));
	if (!vm->pid)
		run_vm(options, command, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	vm->in = in[1];
	vm->out = fdopen(out[0], "r");
	if (!vm->out)
		die("out of memory");
}

void vm_read_line(struct vm *vm, char *line, size_t size)
{
	if (!fgets(line, size, vm->out))
		die("a VM ended early");
	line[strcspn(line, "\n")] = '\0';
}

void vm_end(struct vm *vm)
{
	char rest[4096];
	int status;

	close(vm->in);
	while (fread(rest, 1, sizeof(rest), vm->out))
		;
	fclose(vm->out);
	while (waitpid(vm->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		die("the command in a VM failed");
}

static bool is_child(const char *pid, pid_t parent)
{
	char path[300], stat[512];
	const char *end;
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	f = fopen(path, "re");
	n = f ? fread(stat, 1, sizeof(stat) - 1, f) : 0;
	if (f)
		fclose(f);
	stat[n] = '\0';
	/* The name before it may have any character. */
	end = strrchr(stat, ')');
	return end && strlen(end) > 4 && atoi(end + 4) == parent;
}

static pid_t find_qemu(pid_t npu_vm)
{
	DIR *proc = opendir("/proc");
	struct dirent *e;
	pid_t pid = 0;

	while (proc && !pid && (e = readdir(proc))) {
		if (atoi(e->d_name) && is_child(e->d_name, npu_vm))
			pid = atoi(e->d_name);
	}
	if (proc)
		closedir(proc);
	if (!pid)
		die("QEMU is not there");
	return pid;
}

double vm_cpu_time(const struct vm *vm)
{
	struct timespec t;
	clockid_t clock;

	if (clock_getcpuclockid(find_qemu(vm->pid), &clock) || clock_gettime(clock, &t))
		die("QEMU's processor time cannot be read");
	return t.tv_sec + t.tv_nsec / 1e9;
}
