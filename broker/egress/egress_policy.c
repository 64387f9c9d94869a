/* The rules of egress as data and one decision. The configuration is the administrator's; host and port are
 * the isolated host's, in normal form already; addresses are whatever DNS said. */
#include "egress/egress_policy.h"

#include "base/config.h"
#include "base/error.h"
#include "base/number.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is reserved for Shoji's own pages: never asked of DNS or of an upstream proxy. */
#define SHOJI_DOMAIN "shoji.internal"

struct table_entry {
	char name[HOST_NAME_MAX_BYTES];
	struct net_endpoint endpoint;
};

struct egress_policy {
	bool is_upstream;
	struct proxy_host upstream;
	uint16_t upstream_port;
	uint16_t *ports;
	size_t n_ports;
	char (*denied)[HOST_NAME_MAX_BYTES];
	size_t n_denied;
	struct net_network *networks;
	size_t n_networks;
	struct table_entry *table;
	size_t n_table;
	struct net_address *own;
	size_t n_own;
};

struct complaint {
	char *text;
	size_t size;
};

__attribute__((format(printf, 2, 3))) static int complain(
        struct complaint *self, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it is; clang 14 loses va_start */
	vsnprintf(self->text, self->size, format, arguments);
	va_end(arguments);
	return SHOJI_ERR_CONFIG;
}

/* calloc() of nothing may be NULL, which is no failure. */
static void *new_array(size_t n, size_t size)
{
	return calloc(n ? n : 1, size);
}

static int read_ports(
        struct egress_policy *self, const struct config_list *list, struct complaint *complaint)
{
	self->ports = new_array(list->n_items, sizeof(*self->ports));
	if (!self->ports)
		return SHOJI_ERR_MEMORY;
	for (size_t i = 0; i < list->n_items; i++) {
		uint64_t port;
		if (number_parse(list->items[i], strlen(list->items[i]), 1, 65535, &port))
			return complain(complaint, "egress.ports: %s is no port", list->items[i]);
		self->ports[self->n_ports++] = (uint16_t)port;
	}
	return 0;
}

static int read_denied(
        struct egress_policy *self, const struct config_list *list, struct complaint *complaint)
{
	self->denied = new_array(list->n_items, sizeof(*self->denied));
	if (!self->denied)
		return SHOJI_ERR_MEMORY;
	for (size_t i = 0; i < list->n_items; i++) {
		const char *text = list->items[i];
		if (host_name_normalise(text, strlen(text), self->denied[self->n_denied]))
			return complain(complaint,
			        "egress.deny: %s is no domain; addresses go to "
			        "egress.deny_addresses",
			        text);
		self->n_denied++;
	}
	return 0;
}

static int read_networks(
        struct egress_policy *self, const struct config_list *list, struct complaint *complaint)
{
	self->networks = new_array(list->n_items, sizeof(*self->networks));
	if (!self->networks)
		return SHOJI_ERR_MEMORY;
	for (size_t i = 0; i < list->n_items; i++) {
		const char *text = list->items[i];
		if (net_network_parse(text, strlen(text), &self->networks[self->n_networks]))
			return complain(complaint,
			        "egress.deny_addresses: %s is no network; write it like "
			        "10.20.0.0/16",
			        text);
		self->n_networks++;
	}
	return 0;
}

static bool is_denied_network(const struct egress_policy *self, const struct net_address *address)
{
	for (size_t i = 0; i < self->n_networks; i++)
		if (net_network_contains(&self->networks[i], address))
			return true;
	return false;
}

/* The table lifts the built-in rules, not deny_addresses: LGWAN and My Number addresses that the administrator
 * has named stay closed, and a configuration that says both is refused rather than guessed at. */
static int read_entry(struct egress_policy *self, const char *name, const char *value,
        struct complaint *complaint)
{
	struct table_entry *entry = &self->table[self->n_table];

	if (host_name_normalise(name, strlen(name), entry->name))
		return complain(complaint, "egress.hosts: %s is no host name", name);
	if (net_endpoint_parse(value, strlen(value), &entry->endpoint) ||
	        net_address_is_mapped(&entry->endpoint.address))
		return complain(complaint,
		        "egress.hosts: %s: %s is neither ADDRESS nor ADDRESS:PORT", name, value);
	if (is_denied_network(self, &entry->endpoint.address))
		return complain(complaint,
		        "egress.hosts: %s: %s is in egress.deny_addresses; take it out of one of "
		        "them",
		        name, value);
	self->n_table++;
	return 0;
}

static int read_table(
        struct egress_policy *self, const struct config_map *map, struct complaint *complaint)
{
	int error = 0;

	self->table = new_array(map->names.n_items, sizeof(*self->table));
	if (!self->table)
		return SHOJI_ERR_MEMORY;
	for (size_t i = 0; !error && i < map->names.n_items; i++)
		error = read_entry(self, map->names.items[i], map->values.items[i], complaint);
	return error;
}

static int read_upstream(
        struct egress_policy *self, const struct config *config, struct complaint *complaint)
{
	const char *text = config->egress.upstream;
	const char *colon = text ? strrchr(text, ':') : NULL;
	uint64_t port;

	self->is_upstream = config->egress.mode == EGRESS_MODE_UPSTREAM;
	if (!self->is_upstream)
		return 0;
	if (!colon || number_parse(colon + 1, strlen(colon + 1), 1, 65535, &port) ||
	        proxy_host_parse(text, (size_t)(colon - text), &self->upstream))
		return complain(complaint, "egress.upstream: write it as host:port");
	self->upstream_port = (uint16_t)port;
	return 0;
}

struct egress_policy *egress_policy_new(const struct config *config, char *complaint, size_t size)
{
	struct complaint where = {complaint, size};
	struct egress_policy *self = calloc(1, sizeof(*self));
	int error;

	complain(&where, "no memory");
	if (!self)
		return NULL;
	error = read_upstream(self, config, &where);
	if (!error)
		error = read_ports(self, &config->egress.ports, &where);
	if (!error)
		error = read_denied(self, &config->egress.deny, &where);
	if (!error)
		error = read_networks(self, &config->egress.deny_addresses, &where);
	if (!error)
		error = read_table(self, &config->egress.hosts, &where);
	if (!error)
		return self;
	egress_policy_free(self);
	return NULL;
}

void egress_policy_free(struct egress_policy *self)
{
	if (!self)
		return;
	free(self->ports);
	free(self->denied);
	free(self->networks);
	free(self->table);
	free(self->own);
	free(self);
}

int egress_policy_set_own(
        struct egress_policy *self, const struct net_address *addresses, size_t n_addresses)
{
	struct net_address *own = new_array(n_addresses, sizeof(*own));

	if (!own)
		return SHOJI_ERR_MEMORY;
	memcpy(own, addresses, n_addresses * sizeof(*own));
	free(self->own);
	self->own = own;
	self->n_own = n_addresses;
	return 0;
}

enum egress_verdict egress_policy_check(
        const struct egress_policy *self, const struct net_address *address)
{
	if (!net_address_is_public(address) || is_denied_network(self, address))
		return EGRESS_DENIED_ADDRESS;
	for (size_t i = 0; i < self->n_own; i++)
		if (net_address_equal(&self->own[i], address))
			return EGRESS_DENIED_ADDRESS;
	return EGRESS_ALLOWED;
}

static bool is_denied_name(const struct egress_policy *self, const char *name)
{
	for (size_t i = 0; i < self->n_denied; i++)
		if (host_name_is_within(name, self->denied[i]))
			return true;
	return false;
}

static bool is_port_allowed(const struct egress_policy *self, uint16_t port)
{
	for (size_t i = 0; i < self->n_ports; i++)
		if (self->ports[i] == port)
			return true;
	return false;
}

static const struct table_entry *find_entry(const struct egress_policy *self, const char *name)
{
	for (size_t i = 0; i < self->n_table; i++)
		if (strcmp(self->table[i].name, name) == 0)
			return &self->table[i];
	return NULL;
}

static struct egress_route refuse(enum egress_verdict verdict)
{
	return (struct egress_route){.kind = ROUTE_REFUSED, .verdict = verdict};
}

/* In upstream mode an address, from the table or literal, is asked of the upstream proxy like everything else:
 * there is no way past it. */
static struct egress_route route_to_address(
        const struct egress_policy *self, const struct net_endpoint *endpoint)
{
	struct egress_route route = {
	        .kind = self->is_upstream ? ROUTE_UPSTREAM : ROUTE_ADDRESS, .endpoint = *endpoint};

	route.host.is_address = true;
	route.host.address = endpoint->address;
	return route;
}

static struct egress_route route_to_name(
        const struct egress_policy *self, const struct proxy_host *host, uint16_t port)
{
	struct egress_route route = {.kind = self->is_upstream ? ROUTE_UPSTREAM : ROUTE_RESOLVE,
	        .endpoint.port = port,
	        .host = *host};

	if (host_name_is_within(host->name, SHOJI_DOMAIN) ||
	        host_name_is_within(host->name, "localhost"))
		return refuse(EGRESS_DENIED_ADDRESS);
	/* A name without a dot is none of the Internet's; asked of DNS it would tell what was typed. */
	if (!strchr(host->name, '.'))
		return refuse(EGRESS_NOT_RESOLVED);
	return route;
}

static struct egress_route route_host(
        const struct egress_policy *self, const struct proxy_host *host, uint16_t port)
{
	const struct table_entry *entry = host->is_address ? NULL : find_entry(self, host->name);
	struct net_endpoint endpoint = {.address = host->address, .port = port};

	if (entry) {
		endpoint = entry->endpoint;
		if (!endpoint.port)
			endpoint.port = port;
		return route_to_address(self, &endpoint);
	}
	if (!host->is_address)
		return route_to_name(self, host, port);
	if (egress_policy_check(self, &host->address) != EGRESS_ALLOWED)
		return refuse(EGRESS_DENIED_ADDRESS);
	return route_to_address(self, &endpoint);
}

void egress_policy_route(const struct egress_policy *self, const struct proxy_host *host,
        uint16_t port, bool is_connect, struct egress_route *out)
{
	if (!host->is_address && strcmp(host->name, START_PAGE_HOST) == 0 && !is_connect &&
	        port == 80)
		*out = (struct egress_route){.kind = ROUTE_START_PAGE};
	else if (!host->is_address && is_denied_name(self, host->name))
		*out = refuse(EGRESS_DENIED_BY_LIST);
	else if (!is_port_allowed(self, port))
		*out = refuse(EGRESS_DENIED_PORT);
	else
		*out = route_host(self, host, port);
}

const struct proxy_host *egress_policy_upstream(const struct egress_policy *self)
{
	return self->is_upstream ? &self->upstream : NULL;
}

bool egress_policy_upstream_endpoint(
        const struct egress_policy *self, struct net_endpoint *endpoint)
{
	const struct table_entry *entry =
	        self->upstream.is_address ? NULL : find_entry(self, self->upstream.name);

	if (!entry && !self->upstream.is_address)
		return false;
	*endpoint = (struct net_endpoint){.address = self->upstream.address};
	if (entry)
		*endpoint = entry->endpoint;
	if (!endpoint->port)
		endpoint->port = self->upstream_port;
	return true;
}

uint16_t egress_policy_upstream_port(const struct egress_policy *self)
{
	return self->upstream_port;
}
