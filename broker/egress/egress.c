/* The process part of egress: set-up, doors, keeper's channel, the machine's own addresses. What isolated hosts
 * send is met in proxy_door.c and behind. Root is empty and the user its own; the network is the one thing left. */
#include "egress/egress.h"

#include "base/channel.h"
#include "base/config.h"
#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/role.h"
#include "egress/egress_context.h"
#include "egress/egress_policy.h"
#include "egress/egress_records.h"
#include "egress/own_addresses.h"
#include "egress/proxy_door.h"
#include "egress/resolver.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define OPEN_FILES_MAX 65536
#define OPEN_FILES_SPARE 512 /* resolver, channels, doors */

struct door_entry {
	struct door_entry *next;
	struct proxy_door *door;
};

struct egress {
	struct egress_context context;
	struct config config;
	bool has_config;
	struct loop *loop;
	struct channel *monitor;
	struct own_addresses own;
	struct door_entry *doors;
};

/* ---- doors ---- */

static void on_door_empty(void *data, struct proxy_door *door)
{
	struct egress *self = data;

	for (struct door_entry **at = &self->doors; *at; at = &(*at)->next) {
		struct door_entry *entry = *at;
		if (entry->door != door)
			continue;
		*at = entry->next;
		free(entry);
		proxy_door_free(door);
		return;
	}
}

static void shut_door(struct egress *self, uint64_t lease_id)
{
	for (struct door_entry *entry = self->doors; entry; entry = entry->next)
		if (proxy_door_lease_id(entry->door) == lease_id)
			proxy_door_shut(entry->door);
}

/* A second door of one lease replaces the first: monitor adopted the session anew. */
static void open_door(struct egress *self, const struct message_door_open *in)
{
	struct door_entry *entry = calloc(1, sizeof(*entry));

	shut_door(self, in->lease_id);
	if (!entry) {
		close(in->listener);
		return;
	}
	fcntl(in->listener, F_SETFL, fcntl(in->listener, F_GETFL) | O_NONBLOCK);
	entry->door =
	        proxy_door_new(&self->context, in->lease_id, in->listener, on_door_empty, self);
	if (!entry->door) {
		log_error(in->lease_id, "cannot open the session's door: no memory");
		free(entry);
		return;
	}
	entry->next = self->doors;
	self->doors = entry;
}

/* ---- monitor ---- */

static void on_monitor_message(void *data, struct channel *channel, struct message *in)
{
	struct egress *self = data;
	struct message_door_open open;
	struct message_door_close close_door;
	struct message_keeper_peer peer;

	(void)channel;
	if (!message_get_door_open(in, &open))
		open_door(self, &open);
	else if (!message_get_door_close(in, &close_door))
		shut_door(self, close_door.lease_id);
	else if (!message_get_keeper_peer(in, &peer))
		egress_records_attach(self->context.records, peer.peer);
	else
		log_error(0, "message %u of monitor is not one that egress takes", in->number);
}

static void on_keeper_lost(void *data)
{
	struct egress *self = data;

	if (CHANNEL_SEND(self->monitor, keeper_lost))
		log_warning(0, "monitor cannot be told that the channel to keeper is gone");
}

static void on_monitor_close(void *data, struct channel *channel, int error)
{
	struct egress *self = data;

	(void)channel;
	log_info(0, "monitor's channel closed (%s): leaving", shoji_error_text(error));
	loop_stop(self->loop, 0);
}

/* ---- set-up ---- */

/* Sessions share the descriptors of this process: each gets so many connections that all sessions together never
 * run out, so that none can shut the others out. A surplus connection has one descriptor, others two. */
static uint64_t affordable_connections(const struct config *config)
{
	struct rlimit files;
	uint64_t asked = config->egress.connections_per_session_max;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur <= OPEN_FILES_SPARE)
		return 1;
	uint64_t affordable = (files.rlim_cur - OPEN_FILES_SPARE) / (config->sessions.max * 3);
	if (affordable >= asked)
		return asked;
	if (affordable == 0)
		affordable = 1;
	log_warning(0,
	        "egress.connections_per_session_max: %llu instead of %llu, because this process "
	        "may have only "
	        "%llu files open (raise LimitNOFILE)",
	        (unsigned long long)affordable, (unsigned long long)asked,
	        (unsigned long long)files.rlim_cur);
	return affordable;
}

static int read_config(struct egress *self, const struct message_setup_egress *setup)
{
	char complaint[512];
	const struct config *config = &self->config;

	if (config_read(&self->config, "set-up", (const char *)setup->config, setup->config_length,
	            complaint, sizeof(complaint))) {
		log_error(0, "%s", complaint);
		return SHOJI_ERR_CONFIG;
	}
	self->has_config = true;
	self->context.policy = egress_policy_new(config, complaint, sizeof(complaint));
	if (!self->context.policy) {
		log_error(0, "%s", complaint);
		return SHOJI_ERR_CONFIG;
	}
	self->context.contact = config->people.contact;
	self->context.check_server_name = config->egress.check_server_name;
	self->context.connections_per_session_max = affordable_connections(config);
	self->context.connect_deadline_ms = config->egress.connect_deadline_s * 1000;
	self->context.idle_deadline_ms = config->egress.idle_deadline_s * 1000;
	return 0;
}

/* Takes setup->keeper. */
static int prepare(struct egress *self, const struct message_setup_egress *setup)
{
	int error = read_config(self, setup);

	if (!error) {
		self->loop = self->context.loop = loop_new();
		self->context.records =
		        self->loop ? egress_records_new(self->loop,
		                             self->config.egress
		                                     .destinations_per_session_per_minute_max)
		                   : NULL;
	}
	if (error || !self->context.records) {
		close(setup->keeper);
		return error ? error : SHOJI_ERR_MEMORY;
	}
	egress_records_on_lost(self->context.records, on_keeper_lost, self);
	error = egress_records_attach(self->context.records, setup->keeper);
	if (!error)
		error = resolver_start(
		        self->context.resolver, self->loop, &self->config.egress.name_servers);
	/* Fail closed: without them the machine's own services might be reached. */
	if (!error)
		error = own_addresses_read(&self->own, self->context.policy);
	self->context.own = &self->own;
	return error;
}

static int set_up(struct egress *self)
{
	struct message in = {0};
	struct message_setup_egress setup;
	int error = role_receive_setup(self->monitor, MESSAGE_SETUP_EGRESS, &in);

	if (!error)
		error = message_get_setup_egress(&in, &setup);
	message_release(&in);
	if (!error)
		error = prepare(self, &setup);
	if (!error)
		error = channel_watch(
		        self->monitor, self->loop, on_monitor_message, on_monitor_close, self);
	if (!error)
		error = role_ready(self->monitor);
	if (error)
		log_error(0, "set-up failed: %s", shoji_error_text(error));
	return error;
}

static void tear_down(struct egress *self)
{
	for (struct door_entry *entry = self->doors; entry; entry = entry->next)
		proxy_door_shut(entry->door);
	/* Ends every lookup, so that the doors are empty after one turn more. */
	resolver_free(self->context.resolver);
	while (self->doors)
		loop_turn(self->loop, 0);
	if (self->context.records)
		egress_records_tell_refused(self->context.records);
	egress_records_free(self->context.records);
	channel_free(self->monitor);
	loop_free(self->loop);
	egress_policy_free(self->context.policy);
	if (self->has_config)
		config_finish(&self->config);
}

int egress_run(const struct role_start *start)
{
	/* The log may be a file, and a limit would end the process at its next line (SIGXFSZ). In an empty root
	 * there is no other file to write. */
	const struct sandbox_limits limits = {
	        .open_files = OPEN_FILES_MAX, .file_bytes = RLIM_INFINITY};
	struct egress self = {0};
	int status = 1;

	/* Before confinement: resolver.h says why. */
	self.context.resolver = resolver_new();
	if (!self.context.resolver)
		return 1;
	self.monitor = role_begin(start, &limits);
	if (self.monitor && !set_up(&self))
		status = loop_run(self.loop);
	tear_down(&self);
	return status;
}
