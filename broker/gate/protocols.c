/* Translates lws's callbacks into calls of gate's own files, and nothing else. An lws object has its connection as
 * opaque user data from birth to destruction. */
#include "gate/protocols.h"

#include "base/error.h"
#include "base/log.h"
#include "gate/answer.h"
#include "gate/connection.h"
#include "gate/gate_state.h"
#include "gate/http.h"
#include "gate/listener.h"
#include "gate/role_loop.h"
#include "gate/tls.h"
#include "gate/upgrade.h"
#include "gate/viewer.h"
#include "stream/wire.h"

#include <string.h>
#include <sys/resource.h>

#define HEADER_BYTES_MAX 8192 /* a request's, all of it */
#define SERVICE_BUFFER_BYTES 8192
/* A viewer is pinged when nothing was heard for so long, and given up after the second. */
#define PING_AFTER_S 20
#define GIVE_UP_AFTER_S 30

static struct connection *connection_of(struct lws *wsi)
{
	return lws_get_opaque_user_data(wsi);
}

/* ---- births and deaths: lws tells the first protocol, whichever the object belongs to ---- */

static void on_created(struct lws *wsi)
{
	struct gate *gate = gate_of(wsi);

	if (!gate->adopting)
		return;
	gate->adopting->wsi = wsi;
	lws_set_opaque_user_data(wsi, gate->adopting);
	gate->adopting = NULL;
}

static void on_destroyed(struct lws *wsi)
{
	connection_free(connection_of(wsi));
	lws_set_opaque_user_data(wsi, NULL);
}

static int configure_tls(struct lws *wsi, void *context)
{
	struct gate *gate = gate_of(wsi);

	return tls_configure(gate->identity, context, gate->config.gate.tls_1_2) ? -1 : 0;
}

static int on_http_event(
        struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
	struct connection *connection;

	switch ((int)reason) { /* lws has many more than we handle */
	case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
		return configure_tls(wsi, user);
	case LWS_CALLBACK_WSI_CREATE:
		on_created(wsi);
		return 0;
	case LWS_CALLBACK_WSI_DESTROY:
		on_destroyed(wsi);
		return 0;
	case LWS_CALLBACK_RAW_ADOPT:
		return -1; /* CONNECT: lws would make a raw socket of it */
	case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED:
	case LWS_CALLBACK_TIMER:
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
	case LWS_CALLBACK_HTTP:
	case LWS_CALLBACK_HTTP_BODY:
	case LWS_CALLBACK_HTTP_BODY_COMPLETION:
	case LWS_CALLBACK_HTTP_WRITEABLE:
		break;
	default:
		return 0;
	}
	connection = connection_of(wsi);
	if (!connection)
		return -1;
	switch ((int)reason) {
	case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED:
		connection_set_state(connection, CONNECTION_REQUEST);
		return 0;
	case LWS_CALLBACK_TIMER:
		return connection_on_deadline(connection);
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
		return upgrade_check(connection);
	case LWS_CALLBACK_HTTP:
		return http_on_request(connection, in);
	case LWS_CALLBACK_HTTP_BODY:
		return http_on_body(connection, in, length);
	case LWS_CALLBACK_HTTP_BODY_COMPLETION:
		return http_on_body_end(connection);
	case LWS_CALLBACK_HTTP_WRITEABLE:
		return http_on_writable(connection);
	}
	return 0;
}

/* ---- a viewer ---- */

static int on_established(struct connection *connection)
{
	connection->viewer = viewer_new(connection);
	if (!connection->viewer)
		return -1;
	connection_set_state(connection, CONNECTION_VIEWER);
	return 0;
}

static void on_viewer_closed(struct connection *connection)
{
	connection_set_state(connection, CONNECTION_CLOSED);
	viewer_free(connection->viewer);
	connection->viewer = NULL;
}

static int on_viewer_event(
        struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
	struct connection *connection;

	(void)user;
	switch ((int)reason) {
	case LWS_CALLBACK_ESTABLISHED:
	case LWS_CALLBACK_RECEIVE:
	case LWS_CALLBACK_SERVER_WRITEABLE:
	case LWS_CALLBACK_TIMER:
	case LWS_CALLBACK_CLOSED:
		break;
	default:
		return 0;
	}
	connection = connection_of(wsi);
	if (!connection || (reason != LWS_CALLBACK_ESTABLISHED && !connection->viewer))
		return -1;
	switch ((int)reason) {
	case LWS_CALLBACK_ESTABLISHED:
		return on_established(connection);
	case LWS_CALLBACK_RECEIVE:
		return viewer_receive(connection->viewer, in, length, lws_is_first_fragment(wsi),
		        lws_is_final_fragment(wsi), lws_frame_is_binary(wsi));
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return viewer_on_writable(connection->viewer);
	case LWS_CALLBACK_TIMER:
		return connection_on_deadline(connection);
	case LWS_CALLBACK_CLOSED:
		on_viewer_closed(connection);
		return 0;
	}
	return 0;
}

/* ---- our own descriptors ---- */

static int on_listener_event(
        struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
	(void)user, (void)in, (void)length;
	if (reason == LWS_CALLBACK_RAW_RX_FILE)
		listener_on_ready(gate_of(wsi), lws_get_socket_fd(wsi));
	return 0;
}

static int on_roles_event(
        struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
	(void)user, (void)in, (void)length;
	if (reason == LWS_CALLBACK_RAW_RX_FILE)
		role_loop_on_ready(gate_of(wsi));
	return 0;
}

/* tx_packet_size: what does not fit into one write goes to a heap list of lws that has no limit; so a slice with its
 * WebSocket header has to fit. */
static const struct lws_protocols protocols[] = {
        {.name = GATE_PROTOCOL_HTTP, .callback = on_http_event, .tx_packet_size = WIRE_SLICE_MAX},
        {.name = WIRE_SUBPROTOCOL,
                .callback = on_viewer_event,
                .rx_buffer_size = WIRE_FROM_VIEWER_MAX,
                .tx_packet_size = WIRE_SLICE_MAX},
        {.name = GATE_PROTOCOL_LISTENER, .callback = on_listener_event},
        {.name = GATE_PROTOCOL_ROLES, .callback = on_roles_event},
        {0},
};

static const lws_retry_bo_t idle_policy = {
        .secs_since_valid_ping = PING_AFTER_S,
        .secs_since_valid_hangup = GIVE_UP_AFTER_S,
};

/* lws's lines can hold what terminals sent, and any terminal can cause them: for debugging only. */
static void log_lws(int level, const char *line)
{
	char quoted[LOG_QUOTE_MAX];

	(void)level;
	log_debug(0, "lws: %s", log_quote(quoted, line, strcspn(line, "\n")));
}

int protocols_create_context(struct gate *gate, uint64_t n_files_max)
{
	struct rlimit limit;
	struct lws_context_creation_info info = {
	        .port = CONTEXT_PORT_NO_LISTEN,
	        .options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
	        .user = gate,
	        .alpn = "http/1.1",
	        .pt_serv_buf_size = SERVICE_BUFFER_BYTES,
	        .max_http_header_data = HEADER_BYTES_MAX,
	        .retry_and_idle_policy = &idle_policy,
	};

	/* lws sizes its tables by the limit that it finds. A hard limit is never raised. */
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = n_files_max < limit.rlim_max ? n_files_max : limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	lws_set_log_level(LLL_ERR | LLL_WARN, log_lws);
	gate->context = lws_create_context(&info);
	return gate->context ? 0 : SHOJI_ERR_MEMORY;
}

int protocols_create_vhost(struct gate *gate)
{
	struct lws_context_creation_info info = {
	        /* It serves, but accepting is ours (listener.c). */
	        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
	        .vhost_name = "gate",
	        .protocols = protocols,
	        .options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
	                   LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX,
	        .headers = answer_security_headers(),
	        .alpn = "http/1.1",
	        .retry_and_idle_policy = &idle_policy,
	        .keepalive_timeout = (int)gate->config.gate.request_deadline_s,
	        .timeout_secs_ah_idle = (unsigned)gate->config.gate.request_deadline_s,
	        .user = gate,
	};

	gate->vhost = lws_create_vhost(gate->context, &info);
	return gate->vhost ? 0 : SHOJI_ERR_CONFIG;
}
