/* shoji-guest-forward: the isolated host's side of the proxy door. The browser speaks with 127.0.0.1:3128;
 * each connection is carried, unread, to egress's socket. It runs inside, and is worth nothing to an attacker:
 * whatever took over the browser could open the socket itself. */
#include "guest/relay.h"

#include "base/guest.h"
#include "base/loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Above it the browser's connections wait in the kernel. Chromium opens at most 32 to one proxy by default. */
#define CONNECTIONS_MAX 256
#define BACKLOG 128

struct forwarder {
	struct loop *loop;
	struct watch *listener_watch;
	int listener;
	unsigned n_connections;
};

static void on_done(void *data, struct relay *relay)
{
	struct forwarder *self = data;

	relay_free(relay);
	if (self->n_connections-- == CONNECTIONS_MAX)
		watch_set_events(self->listener_watch, LOOP_READ);
}

static int connect_door(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = GUEST_PROXY_SOCKET};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void join(struct forwarder *self, int browser)
{
	int one = 1;
	int door = connect_door();

	if (door < 0) {
		close(browser); /* egress is away; the browser says so and tries again */
		return;
	}
	setsockopt(browser, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (!relay_new(self->loop, browser, door, on_done, self))
		return;
	if (++self->n_connections == CONNECTIONS_MAX)
		watch_set_events(self->listener_watch, 0);
}

static void on_listener(void *data, unsigned events)
{
	struct forwarder *self = data;

	(void)events;
	while (self->n_connections < CONNECTIONS_MAX) {
		int browser = accept4(self->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (browser < 0)
			return;
		join(self, browser);
	}
}

static int listen_loopback(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	        .sin_port = htons(GUEST_PROXY_PORT),
	        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, BACKLOG) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

int main(void)
{
	struct forwarder self = {.listener = listen_loopback()};

	if (self.listener < 0) {
		perror("shoji-guest-forward: cannot listen on 127.0.0.1:3128");
		return EXIT_FAILURE;
	}
	self.loop = loop_new();
	if (!self.loop)
		return EXIT_FAILURE;
	self.listener_watch = watch_new(self.loop, self.listener, LOOP_READ, on_listener, &self);
	if (!self.listener_watch)
		return EXIT_FAILURE;
	return loop_run(self.loop);
}
