// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"

static int port = -1;

void agent_power_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
	_exit(1);
}

void agent_fail(const char *fmt, ...)
{
	static struct vm_writer w;
	char text[512];
	va_list ap;
	int kmsg;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);

	kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (kmsg >= 0)
		dprintf(kmsg, "<3>npu-vm: %s\n", text);
	if (port >= 0) {
		fcntl(port, F_SETFL, 0);
		vm_put(&w, VM_FAILED, text, strlen(text));
		vm_flush(&w, port);
		/* The port loses what the host has not read when power goes off. */
		sleep(2);
	}
	agent_power_off();
}

/* For a QEMU that was started by hand: the command has the console. */
static void run_on_console(const struct agent_config *config)
{
	struct agent_command command = {
		.argv = config->command,
		.term = "vt220",
		.tty = true,
	};
	int status;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		agent_fail("cannot start a process");
	if (!pid) {
		int tty;

		setsid();
		tty = open("/dev/console", O_RDWR);
		for (int fd = 0; tty >= 0 && fd < 3; fd++)
			dup2(tty, fd);
		_exit(agent_exec(&command));
	}
	while (waitpid(-1, &status, 0) != pid)
		;
	printf("npu-vm: exit status %d\n", agent_status(status));
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct agent_config config = { 0 };

	if (getpid() != 1)
		return argc ? agent_launch(argv) : 1;

	agent_mount_system();
	agent_read_config(&config);
	if (!config.console)
		port = agent_open_port();
	if (config.root || config.share)
		agent_load_modules(VM_LOAD_9P);
	if (config.root)
		agent_enter_root(&config);
	if (config.share)
		agent_mount_share();
	agent_load_modules(VM_LOAD_NPU);
	if (config.console)
		run_on_console(&config);
	else if (port >= 0)
		agent_relay(port);
	else
		agent_fail("the virtio-serial port %s is missing", VM_PORT);
	agent_power_off();
}
