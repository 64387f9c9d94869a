/* CONNECT: the upstream proxy's answer to it, and the first bytes that the isolated host sends through the tunnel. Both are
 * foreign; they are parsed in http_head.c and client_hello.c. */
#include "egress/proxy_connection_parts.h"

#include "base/log.h"
#include "egress/client_hello.h"
#include "egress/egress_context.h"

#include <string.h>

static bool is_name_expected(const struct proxy_connection *self, const struct client_hello *hello)
{
	/* An address is asked for without a name; a name beside it would be another host's. */
	if (self->host.is_address)
		return !hello->has_server_name;
	return hello->has_server_name && strcmp(hello->server_name, self->host.name) == 0;
}

static void refuse_hello(struct proxy_connection *self, bool has_encrypted_hello)
{
	/* TLS alert, fatal, unrecognized_name: the browser says what it is, instead of "reset". */
	static const uint8_t alert[] = {21, 3, 3, 0, 2, 2, 112};

	proxy_connection_record(self, EGRESS_DENIED_SNI, NULL);
	log_debug(self->lease_id, "the TLS server name differs from the name asked for%s",
	        has_encrypted_hello ? " (the ClientHello carries an encrypted one)" : "");
	proxy_connection_answer_bytes(self, alert, sizeof(alert));
}

/* Port 443 speaks TLS. Elsewhere (WebSockets without TLS) only what begins like TLS is looked at. */
static bool is_hello_needed(
        const struct proxy_connection *self, const uint8_t *bytes, size_t length)
{
	return self->port == 443 || (length > 0 && bytes[0] == 22);
}

/* A client that ends without having said anything whole has done nothing wrong: a browser opens tunnels ahead of need
 * and drops them. */
static void end_without_hello(struct proxy_connection *self, bool is_needed)
{
	if (is_needed)
		proxy_connection_close(self);
	else
		proxy_connection_set_state(self, STATE_RELAYING);
}

void proxy_tunnel_check_hello(struct proxy_connection *self)
{
	struct client_hello hello = {0};
	size_t length;
	const uint8_t *bytes = proxy_flow_bytes(&self->up, &length);
	bool is_needed = is_hello_needed(self, bytes, length);
	int result = 0;

	if (self->up.sink_ended)
		return; /* the server left first */
	if (length > 0 && !is_needed) {
		proxy_connection_set_state(self, STATE_RELAYING);
		return;
	}
	if (length > 0)
		result = client_hello_parse(bytes, length, &hello);
	if (result == 0 && self->up.source_ended)
		end_without_hello(self, is_needed);
	else if (result > 0 && is_name_expected(self, &hello))
		proxy_connection_set_state(self, STATE_RELAYING);
	else if (result != 0)
		refuse_hello(self, hello.has_encrypted_hello);
}

void proxy_tunnel_open(struct proxy_connection *self)
{
	if (proxy_flow_add_prefix(&self->down, ANSWER_TUNNEL, strlen(ANSWER_TUNNEL))) {
		proxy_connection_close(self);
		return;
	}
	proxy_connection_set_state(
	        self, self->context->check_server_name ? STATE_HELLO : STATE_RELAYING);
	/* Bytes that came with the CONNECT are the tunnel's first. */
	if (self->state == STATE_HELLO)
		proxy_tunnel_check_hello(self);
}

void proxy_tunnel_take_reply(struct proxy_connection *self)
{
	unsigned status = 0;
	size_t length;
	const uint8_t *bytes = proxy_flow_bytes(&self->down, &length);
	int result = length > 0 ? http_reply_parse(bytes, length, &status) : 0;

	if (result == 0 && !self->down.source_ended)
		return;
	if (result > 0 && status >= 200 && status < 300) {
		proxy_flow_consume(&self->down, (size_t)result);
		proxy_tunnel_open(self);
	} else if (result > 0 && (status == 403 || status == 451)) {
		proxy_connection_refuse(self, EGRESS_UNREACHABLE, ANSWER_UPSTREAM_REFUSED);
	} else {
		proxy_connection_refuse_unreachable(self);
	}
}
