/* The first steps of every role. What it reads here comes from monitor, which it trusts. */
#include "base/role.h"

#include "base/channel.h"
#include "base/error.h"
#include "base/log.h"

#include <poll.h>
#include <stdlib.h>

struct channel *role_begin(const struct role_start *start, const struct sandbox_limits *limits)
{
	const char *level = getenv("SHOJI_LOG_LEVEL");

	log_init(start->name, level && level[0] == 'd' ? LOG_DEBUG : LOG_INFO);
	if (sandbox_confine(&start->identity, limits))
		return NULL;
	return channel_new(ROLE_CHANNEL_FD, LINK_MONITOR_ROLE, SIDE_B);
}

int role_receive_setup(struct channel *monitor, enum message_number number, struct message *in)
{
	struct pollfd ready = {.fd = channel_fd(monitor), .events = POLLIN};
	int error = channel_receive(monitor, in);

	if (error == SHOJI_ERR_AGAIN) {
		if (poll(&ready, 1, ROLE_SETUP_DEADLINE_MS) <= 0)
			return SHOJI_ERR_TIMEOUT;
		error = channel_receive(monitor, in);
	}
	if (error < 0)
		return error;
	if (in->number == number)
		return 0;
	message_release(in);
	return SHOJI_ERR_FORBIDDEN;
}

int role_ready(struct channel *monitor)
{
	int error = CHANNEL_SEND(monitor, ready);

	channel_set_phase(monitor, PHASE_READY);
	return error;
}
