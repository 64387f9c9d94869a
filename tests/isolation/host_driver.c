/* Starts one isolated host as monitor would, tells when it stands, and ends it at the end of standard input: to look at
 * a host by hand, and for scripts.
 *
 * Usage: test-host-driver PROGRAM_FOLDER START_PAGE [--kiosk] [--us] [--size=WxH] [--proxy=PROGRAM]
 * --proxy: executed with the listening proxy door as descriptor 3.
 * Prints lines: "hello MS host PID shepherd PID folder PATH", "rfb MS" (the server's version arrived), "ended ...". */
#include "isolation/test_host.h"

#include "base/log.h"
#include "base/loop.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t start_proxy(const struct test_host *host, const char *program)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	/* Blocking or not is the program's to choose; so is what it closes. */
	dup2(host->door, 3);
	execl(program, program, (char *)NULL);
	_exit(127);
}

static const char *proxy_program;

static void read_options(struct test_host_options *options, int argc, char *argv[])
{
	for (int i = 3; i < argc; i++) {
		if (strcmp(argv[i], "--kiosk") == 0)
			options->is_kiosk = true;
		if (strcmp(argv[i], "--us") == 0)
			options->keyboard = "us";
		if (strncmp(argv[i], "--proxy=", 8) == 0)
			proxy_program = argv[i] + 8;
		sscanf(argv[i], "--size=%hux%hu", &options->width, &options->height);
	}
}

static void await_rfb(struct test_host *host, uint64_t begin_ms)
{
	char version[12];
	int fd = test_host_connect_rfb(host);
	struct pollfd ready = {.fd = fd, .events = POLLIN};

	if (fd >= 0 && poll(&ready, 1, 20000) > 0 &&
	        read(fd, version, sizeof(version)) == (ssize_t)sizeof(version))
		printf("rfb %llu %.11s\n", (unsigned long long)(clock_now_ms() - begin_ms),
		        version);
	else
		printf("rfb: no answer\n");
	if (fd >= 0)
		close(fd);
}

static void serve(struct test_host *host)
{
	char byte;
	struct pollfd ready = {.fd = STDIN_FILENO, .events = POLLIN};

	while (!host->has_ended) {
		test_host_renew(host, host->options.lease_s);
		if (poll(&ready, 1, 1000) > 0 && read(STDIN_FILENO, &byte, 1) <= 0)
			return;
		test_host_wait_ended(host, 10);
	}
}

int main(int argc, char *argv[])
{
	struct test_host_options options = test_host_options();
	struct test_host host;
	uint64_t begin_ms = clock_now_ms();
	pid_t proxy = 0;
	int status;

	if (test_host_is_shepherd(argc, argv, &status))
		return status;
	if (argc < 3) {
		fprintf(stderr, "usage: test-host-driver PROGRAM_FOLDER START_PAGE [...]\n");
		return 64;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	options.program_folder = argv[1];
	options.start_page = argv[2];
	read_options(&options, argc, argv);
	if (test_host_start(&host, &options)) {
		printf("hello %llu host %d shepherd %d folder %s\n",
		        (unsigned long long)(clock_now_ms() - begin_ms), (int)host.host_pid,
		        (int)host.shepherd_pid, host.folder);
		if (proxy_program)
			proxy = start_proxy(&host, proxy_program);
		await_rfb(&host, begin_ms);
		serve(&host);
	}
	if (proxy > 0 && kill(proxy, SIGKILL) == 0)
		waitpid(proxy, NULL, 0);
	if (host.has_ended)
		printf("ended %s: %s\n", end_reason_text(host.reason), host.detail);
	return test_host_finish(&host) && !host.has_ended ? 0 : 1;
}
