/* The resolver: c-ares parses what name servers answer. Answers are believed for what a name is, never for
 * whether its address may be connected to. */
#include "egress/resolver.h"

#include "base/config.h"
#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"

#include <ares.h>
#include <stdlib.h>
#include <string.h>

#define QUERY_TIMEOUT_MS 2000
#define QUERY_TRIES 3
#define SOCKETS_MAX 64
#define SERVERS_TEXT_MAX 1024

struct resolver_socket {
	struct resolver *resolver;
	ares_socket_t fd;
	struct watch *watch; /* NULL: free place */
};

struct resolver {
	ares_channel channel;
	struct loop *loop;
	struct timer *timer;
	struct resolver_socket sockets[SOCKETS_MAX];
};

struct lookup {
	resolver_fn on_done;
	void *data;
};

/* ---- sockets and time ---- */

static void schedule(struct resolver *self)
{
	struct timeval left;

	if (!ares_timeout(self->channel, NULL, &left)) {
		timer_clear(self->timer);
		return;
	}
	timer_set_ms(self->timer, (uint64_t)left.tv_sec * 1000 + (uint64_t)left.tv_usec / 1000 + 1);
}

static void on_timer(void *data)
{
	struct resolver *self = data;

	ares_process_fd(self->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	schedule(self);
}

static void on_socket(void *data, unsigned events)
{
	struct resolver_socket *socket = data;
	struct resolver *self = socket->resolver;
	ares_socket_t fd = socket->fd;

	/* An error is found by reading. c-ares may close the socket on the way, and free this watch. */
	ares_process_fd(self->channel, events & (LOOP_READ | LOOP_HANGUP) ? fd : ARES_SOCKET_BAD,
	        events & LOOP_WRITE ? fd : ARES_SOCKET_BAD);
	schedule(self);
}

static struct resolver_socket *find_socket(struct resolver *self, ares_socket_t fd)
{
	struct resolver_socket *unused = NULL;

	for (size_t i = 0; i < SOCKETS_MAX; i++) {
		if (self->sockets[i].watch && self->sockets[i].fd == fd)
			return &self->sockets[i];
		if (!self->sockets[i].watch && !unused)
			unused = &self->sockets[i];
	}
	return unused;
}

/* c-ares says which socket waits for what; neither: it is about to be closed. */
static void on_socket_state(void *data, ares_socket_t fd, int is_reading, int is_writing)
{
	struct resolver *self = data;
	struct resolver_socket *socket = find_socket(self, fd);
	unsigned events = (is_reading ? LOOP_READ : 0u) | (is_writing ? LOOP_WRITE : 0u);

	if (!socket || !self->loop)
		return; /* no place: the query times out */
	if (socket->watch && !events) {
		watch_free(socket->watch);
		socket->watch = NULL;
	} else if (socket->watch) {
		watch_set_events(socket->watch, events);
	} else if (events) {
		*socket = (struct resolver_socket){.resolver = self, .fd = fd};
		socket->watch = watch_new(self->loop, fd, events, on_socket, socket);
	}
}

/* ---- life ---- */

struct resolver *resolver_new(void)
{
	struct resolver *self = calloc(1, sizeof(*self));
	/* DNS only: no hosts file (the configuration has its own table), no search domains. */
	struct ares_options options = {.flags = ARES_FLAG_NOSEARCH,
	        .timeout = QUERY_TIMEOUT_MS,
	        .tries = QUERY_TRIES,
	        .lookups = (char[]){"b"},
	        .sock_state_cb = on_socket_state,
	        .sock_state_cb_data = self};
	int error = self ? ares_library_init(ARES_LIB_INIT_ALL) : ARES_ENOMEM;

	if (!error)
		error = ares_init_options(&self->channel, &options,
		        ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
		                ARES_OPT_SOCK_STATE_CB);
	if (!error)
		return self;
	log_error(0, "cannot prepare the resolver: %s", ares_strerror(error));
	free(self);
	return NULL;
}

/* c-ares reads a list with commas. Each entry is checked here: it would skip a wrong one silently. */
static int join_servers(const struct config_list *list, char out[SERVERS_TEXT_MAX])
{
	size_t at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < list->n_items; i++) {
		struct net_endpoint endpoint;
		size_t length = strlen(list->items[i]);
		if (net_endpoint_parse(list->items[i], length, &endpoint) ||
		        at + length + 2 > SERVERS_TEXT_MAX) {
			log_error(0, "egress.name_servers: %s is neither ADDRESS nor ADDRESS:PORT",
			        list->items[i]);
			return SHOJI_ERR_CONFIG;
		}
		if (at > 0)
			out[at++] = ',';
		memcpy(out + at, list->items[i], length + 1);
		at += length;
	}
	return 0;
}

int resolver_start(struct resolver *self, struct loop *loop, const struct config_list *name_servers)
{
	char servers[SERVERS_TEXT_MAX];

	if (join_servers(name_servers, servers))
		return SHOJI_ERR_CONFIG;
	if (servers[0] && ares_set_servers_ports_csv(self->channel, servers) != ARES_SUCCESS)
		return SHOJI_ERR_CONFIG;
	self->loop = loop;
	self->timer = timer_new(loop, on_timer, self);
	return self->timer ? 0 : SHOJI_ERR_MEMORY;
}

void resolver_free(struct resolver *self)
{
	if (!self)
		return;
	ares_destroy(self->channel);
	ares_library_cleanup();
	timer_free(self->timer);
	free(self);
}

/* ---- lookups ---- */

static size_t take_family(const struct ares_addrinfo *result, int family,
        struct net_address *addresses, size_t n_addresses)
{
	for (struct ares_addrinfo_node *node = result->nodes; node; node = node->ai_next)
		if (node->ai_family == family && n_addresses < RESOLVER_ADDRESSES_MAX &&
		        !net_address_from_sockaddr(node->ai_addr, &addresses[n_addresses]))
			n_addresses++;
	return n_addresses;
}

static void on_answer(void *data, int status, int n_timeouts, struct ares_addrinfo *result)
{
	struct lookup lookup = *(struct lookup *)data;
	struct net_address addresses[RESOLVER_ADDRESSES_MAX];
	size_t n_addresses = 0;

	(void)n_timeouts;
	free(data);
	if (status == ARES_SUCCESS && result) {
		n_addresses = take_family(result, AF_INET, addresses, 0);
		n_addresses = take_family(result, AF_INET6, addresses, n_addresses);
	}
	if (result)
		ares_freeaddrinfo(result);
	lookup.on_done(lookup.data, addresses, n_addresses);
}

void resolver_lookup(struct resolver *self, const char *name, resolver_fn on_done, void *data)
{
	/* Unsorted: sorting would open sockets towards addresses that nobody has checked yet. */
	struct ares_addrinfo_hints hints = {.ai_family = AF_UNSPEC, .ai_flags = ARES_AI_NOSORT};
	struct lookup *lookup = malloc(sizeof(*lookup));

	if (!lookup) {
		on_done(data, NULL, 0);
		return;
	}
	*lookup = (struct lookup){.on_done = on_done, .data = data};
	ares_getaddrinfo(self->channel, name, NULL, &hints, on_answer, lookup);
	schedule(self);
}
