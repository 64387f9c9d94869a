/* Starting and starting again of the programs inside the isolated host. A browser that crashes at once
 * must not become a loop that eats the machine: the wait doubles each time. */
#include "guest/service.h"

#include "base/ensure.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

void service_add(struct service *self, ...)
{
	const char *argument;
	va_list list;
	size_t n = 0;

	while (self->arguments[n])
		n++;
	va_start(list, self);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it is; clang 14 loses va_start here */
	while ((argument = va_arg(list, const char *))) {
		ensure(n < SERVICE_ARGUMENTS_MAX);
		self->arguments[n++] = argument;
	}
	va_end(list);
}

_Noreturn static void become(const struct service *self)
{
	sigset_t none;
	int fd = self->stdin_fd >= 0 ? self->stdin_fd : open("/dev/null", O_RDONLY);

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (fd < 0 || dup2(fd, STDIN_FILENO) < 0)
		_exit(126);
	close_range(STDERR_FILENO + 1, ~0u, 0);
	execv(self->arguments[0], (char *const *)(void *)self->arguments);
	_exit(127);
}

int service_start(struct service *self, uint64_t now_ms)
{
	pid_t pid = fork();

	if (pid < 0)
		return -1;
	if (pid == 0)
		become(self);
	self->pid = pid;
	self->started_ms = now_ms;
	self->restart_at_ms = 0;
	return 0;
}

void service_ended(struct service *self, uint64_t now_ms)
{
	bool was_well = now_ms - self->started_ms >= SERVICE_WELL_AFTER_MS;

	self->pid = 0;
	if (was_well || self->backoff_ms == 0)
		self->backoff_ms = SERVICE_BACKOFF_MIN_MS;
	else if (self->backoff_ms < SERVICE_BACKOFF_MAX_MS)
		self->backoff_ms *= 2;
	if (self->backoff_ms > SERVICE_BACKOFF_MAX_MS)
		self->backoff_ms = SERVICE_BACKOFF_MAX_MS;
	self->restart_at_ms = now_ms + self->backoff_ms;
}

int service_tend(struct service *self, uint64_t now_ms)
{
	if (self->restart_at_ms == 0)
		return -1;
	if (now_ms < self->restart_at_ms)
		return (int)(self->restart_at_ms - now_ms);
	/* A fork that fails (the host is at its limit of tasks) is tried again like a crash. */
	if (service_start(self, now_ms) < 0)
		service_ended(self, now_ms);
	return self->restart_at_ms ? (int)(self->restart_at_ms - now_ms) : -1;
}
