/* The capture role: confined, then set up, then locked by seccomp, and only then the isolated host's first byte is read.
 * It faces the isolated host; encode, behind it, believes nothing that it says without a check. */
#include "capture/capture.h"

#include "base/channel.h"
#include "base/log.h"
#include "base/session.h"
#include "capture/confine.h"
#include "capture/worker.h"

#include <signal.h>

static struct worker *set_up(struct channel *monitor)
{
	struct message_setup_capture setup;
	struct message in;

	if (role_receive_setup(monitor, MESSAGE_SETUP_CAPTURE, &in) ||
	        message_get_setup_capture(&in, &setup)) {
		log_error(0, "no set-up message came from monitor");
		channel_free(monitor);
		return NULL;
	}
	return worker_new(monitor, &setup);
}

int capture_run(const struct role_start *start)
{
	struct channel *monitor;
	int exit_status = WORKER_EXIT_SETUP;

	/* libvncclient writes with write(): a host that went away is an error there, not a signal. */
	signal(SIGPIPE, SIG_IGN);
	monitor = role_begin(start, &capture_limits);
	if (!monitor)
		return WORKER_EXIT_SETUP;
	struct worker *worker = set_up(monitor);
	if (worker && capture_seccomp() == 0 && role_ready(monitor) == 0)
		exit_status = worker_run(worker);
	worker_free(worker);
	return exit_status;
}
