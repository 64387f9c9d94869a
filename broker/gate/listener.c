/* accept(): the first thing that a terminal meets. Counts come before TLS, so that whoever is over a limit costs
 * one accept and one close. */
#include "gate/listener.h"

#include "base/error.h"
#include "base/log.h"
#include "gate/connection.h"
#include "gate/gate_state.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* In one turn, so that a flood of connections does not starve the viewers. */
#define ACCEPT_MAX 32
/* More than this unsent in the kernel, and the viewer does not count as writable: what waits there is stale
 * when it arrives. */
#define UNSENT_MAX_BYTES 16384
#define UNACKNOWLEDGED_MAX_MS 30000

int listener_start(struct gate *gate, int fd)
{
	lws_sock_file_fd_type descriptor = {.filefd = fd};

	/* lws polls it as a "file"; accepting is ours (no peer limits in Debian's build). */
	if (!lws_adopt_descriptor_vhost(
	            gate->vhost, LWS_ADOPT_RAW_FILE_DESC, descriptor, GATE_PROTOCOL_LISTENER, NULL))
		return SHOJI_ERR_MEMORY;
	return 0;
}

static void set_options(int fd)
{
	const int one = 1;
	const int unsent = UNSENT_MAX_BYTES;
	const unsigned unacknowledged = UNACKNOWLEDGED_MAX_MS;

	/* Failure of any only costs latency. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof(unsent));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged, sizeof(unacknowledged));
}

/* Takes fd. */
static void adopt(struct gate *gate, int fd, struct connection *connection)
{
	lws_adopt_desc_t description = {
	        .vh = gate->vhost,
	        .type = LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP | LWS_ADOPT_ALLOW_SSL,
	        .fd = {.sockfd = fd},
	        .opaque = connection,
	};

	/* protocols.c binds the two when lws has made its object, whose end is then the connection's. */
	gate->adopting = connection;
	lws_adopt_descriptor_vhost_via_info(&description); /* closes fd when it fails */
	if (gate->adopting) {
		gate->adopting = NULL;
		connection_free(connection);
	}
}

static void accept_one(struct gate *gate, int fd, const struct sockaddr_storage *peer)
{
	struct address_key key;
	char text[ADDRESS_TEXT_MAX] = "";
	struct connection *connection = NULL;

	if (!address_key_from(peer, &key, text))
		connection = connection_new(gate, &key, text);
	if (!connection) {
		close(fd);
		return;
	}
	set_options(fd);
	adopt(gate, fd, connection);
}

void listener_on_ready(struct gate *gate, int fd)
{
	for (int i = 0; i < ACCEPT_MAX; i++) {
		struct sockaddr_storage peer;
		socklen_t length = sizeof(peer);
		int accepted = accept4(
		        fd, (struct sockaddr *)&peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (accepted >= 0) {
			accept_one(gate, accepted, &peer);
			continue;
		}
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			log_warning(0, "accept: %m");
		return;
	}
}
