/* The gate role: wiring. It holds the TLS key and the terminals' connections, stands in an empty root under its own
 * user, decides nothing about people (keeper does), and reads nothing of what an isolated host wrote but the headers of
 * slices. */
#include "gate/gate.h"

#include "base/channel.h"
#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/role.h"
#include "gate/address_table.h"
#include "gate/assets_served.h"
#include "gate/gate_state.h"
#include "gate/keeper_link.h"
#include "gate/listener.h"
#include "gate/protocols.h"
#include "gate/role_loop.h"
#include "gate/session.h"
#include "gate/sign_in.h"
#include "gate/tls.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* gate.connections_max at its largest, two descriptors a session, and our own. */
#define FILES_MAX 20480
#define OWN_FILES 32

static const struct sandbox_limits limits = {.open_files = FILES_MAX};

/* ---- monitor's messages ---- */

static int on_session_join(struct gate *gate, struct message *in)
{
	struct message_session_join join;
	int error = message_get_session_join(in, &join);

	if (!error)
		session_join(gate, &join);
	return error;
}

static int on_session_gone(struct gate *gate, struct message *in)
{
	struct message_session_gone gone;
	int error = message_get_session_gone(in, &gone);

	if (!error)
		session_gone(gate, gone.lease_id, gone.reason);
	return error;
}

static int on_keeper_peer(struct gate *gate, struct message *in)
{
	struct message_keeper_peer peer;
	int error = message_get_keeper_peer(in, &peer);

	return error ? error : keeper_link_open(gate, peer.peer);
}

static void on_monitor_message(void *data, struct channel *channel, struct message *in)
{
	struct gate *gate = data;
	int error = SHOJI_ERR_FORBIDDEN;

	(void)channel;
	switch (in->number) {
	case MESSAGE_SESSION_JOIN:
		error = on_session_join(gate, in);
		break;
	case MESSAGE_SESSION_GONE:
		error = on_session_gone(gate, in);
		break;
	case MESSAGE_KEEPER_PEER:
		error = on_keeper_peer(gate, in);
		break;
	}
	if (error)
		log_error(0, "message %u of monitor: %s", in->number, shoji_error_text(error));
}

static void on_monitor_close(void *data, struct channel *channel, int error)
{
	struct gate *gate = data;

	(void)channel, (void)error;
	gate->is_stopping = true; /* no role outlives monitor */
}

/* ---- start ---- */

static int read_config(struct gate *gate, const struct message_setup_gate *setup)
{
	char complaint[256];
	const char *bad;

	if (config_read(&gate->config, "configuration", (const char *)setup->config,
	            setup->config_length, complaint, sizeof(complaint))) {
		log_error(0, "%s", complaint);
		return SHOJI_ERR_CONFIG;
	}
	gate->origins = (struct origin_rules){.origins = gate->config.gate.origins.items,
	        .n_origins = gate->config.gate.origins.n_items,
	        .is_our_name = tls_identity_names};
	if (origin_rules_check(&gate->origins, &bad))
		return 0;
	log_error(
	        0, "gate.origins: '%s' is not of the form https://host or https://host:port", bad);
	return SHOJI_ERR_CONFIG;
}

/* As many connections as there are descriptors for, if those are fewer: accept() must never fail for
 * want of one, because the connection would wait in the kernel and wake us at once again. */
static uint32_t connections_max(const struct gate *gate)
{
	uint64_t wanted = gate->config.gate.connections_max;
	uint64_t others = OWN_FILES + 2 * gate->config.sessions.max;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted + others)
		return (uint32_t)wanted;
	uint64_t possible = limit.rlim_cur > others ? limit.rlim_cur - others : 1;
	log_warning(0,
	        "gate.connections_max is held to %llu: raise the limit of open files (LimitNOFILE) "
	        "to %llu",
	        (unsigned long long)possible, (unsigned long long)(wanted + others));
	return (uint32_t)possible;
}

static int make_parts(struct gate *gate, const struct message_setup_gate *setup)
{
	const struct address_limits address_limits = {
	        .connections_max = connections_max(gate),
	        .connections_per_address_max =
	                (uint32_t)gate->config.gate.connections_per_address_max,
	        .sign_ins_per_minute_max =
	                (uint32_t)gate->config.gate.sign_ins_per_address_per_minute_max,
	};
	int error = tls_identity_new(setup->certificate, setup->key, &gate->identity);

	if (error)
		return error;
	gate->origins.data = gate->identity;
	error = assets_served_open(setup->assets, &gate->assets);
	if (error) {
		log_error(0,
		        "the viewer's files cannot be used (%s): is index.html in "
		        "gate.viewer_folder?",
		        shoji_error_text(error));
		return error;
	}
	gate->addresses = address_table_new(&address_limits);
	return gate->addresses ? 0 : SHOJI_ERR_MEMORY;
}

/* Takes setup's descriptors. */
static int start_parts(struct gate *gate, struct message_setup_gate *setup)
{
	int error = read_config(gate, setup);

	if (!error)
		seat_meter_start(gate);
	if (!error)
		error = make_parts(gate, setup);
	close(setup->assets);
	close(setup->certificate);
	close(setup->key);
	if (!error)
		error = protocols_create_vhost(gate);
	if (!error)
		error = role_loop_start(gate);
	if (error) {
		close(setup->keeper);
		close(setup->listener);
		return error;
	}
	error = keeper_link_open(gate, setup->keeper);
	if (error)
		close(setup->listener);
	else
		error = listener_start(gate, setup->listener);
	return error;
}

static int set_up(struct gate *gate)
{
	struct message in;
	struct message_setup_gate setup;
	int error = role_receive_setup(gate->monitor, MESSAGE_SETUP_GATE, &in);

	if (!error)
		error = message_get_setup_gate(&in, &setup);
	if (!error)
		error = start_parts(gate, &setup);
	if (error)
		log_error(0, "gate cannot start: %s", shoji_error_text(error));
	return error;
}

static void finish(struct gate *gate)
{
	keeper_link_close(gate);
	/* The connections go with lws's objects, the viewers with the connections. */
	lws_sul_cancel(&gate->meter_timer);
	struct lws_context *context = gate->context;
	gate->context = NULL; /* no timer any more */
	if (context)
		lws_context_destroy(context);
	session_free_all(gate);
	channel_free(gate->monitor);
	loop_free(gate->loop);
	address_table_free(gate->addresses);
	assets_served_free(gate->assets);
	tls_identity_free(gate->identity);
	config_finish(&gate->config);
}

static int serve(struct gate *gate)
{
	if (set_up(gate) || role_ready(gate->monitor) ||
	        channel_watch(
	                gate->monitor, gate->loop, on_monitor_message, on_monitor_close, gate))
		return EXIT_FAILURE;
	for (; !gate->is_stopping; gate->turns++)
		if (lws_service(gate->context, 0) < 0)
			return EXIT_FAILURE;
	return EXIT_SUCCESS;
}

int gate_run(const struct role_start *start)
{
	struct gate gate = {0};
	int status = EXIT_FAILURE;

	/* Both read /dev/urandom, which is not there once the process has confined itself. No foreign byte yet. */
	sign_in_init();
	if (protocols_create_context(&gate, FILES_MAX) == 0) {
		gate.monitor = role_begin(start, &limits);
		if (gate.monitor)
			status = serve(&gate);
	}
	finish(&gate);
	return status;
}
