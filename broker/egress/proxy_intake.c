/* The request: from the first bytes of an isolated host to what is to be done about them. */
#include "egress/proxy_connection_parts.h"

#include "base/ensure.h"
#include "base/error.h"
#include "egress/egress_context.h"
#include "egress/egress_policy.h"
#include "egress/own_addresses.h"

#include <string.h>

int proxy_intake_keep_body(struct proxy_connection *self, size_t length)
{
	size_t available, consumed;
	const uint8_t *bytes = proxy_flow_bytes(&self->up, &available);

	if (length > 0) {
		int error = proxy_body_consume(
		        &self->body, bytes + (available - length), length, &consumed);
		if (error)
			return error;
		proxy_flow_cut(&self->up, length - consumed);
	}
	self->is_request_over = proxy_body_is_done(&self->body);
	return 0;
}

/* What the server, or the upstream proxy, is sent first. */
static int prepare_head(struct proxy_connection *self, const struct proxy_request *request,
        const struct egress_route *route)
{
	static uint8_t head[HTTP_HEAD_MAX + 1024];
	bool is_upstream = route->kind == ROUTE_UPSTREAM;
	size_t length = 0;
	int error = 0;

	if (!request->is_connect)
		error = proxy_request_write(request, is_upstream ? &route->host : NULL,
		        route->endpoint.port, head, sizeof(head), &length);
	else if (is_upstream)
		error = proxy_connect_write(
		        &route->host, route->endpoint.port, head, sizeof(head), &length);
	return error || length == 0 ? error : proxy_flow_add_prefix(&self->up, head, length);
}

static void answer_start_page(struct proxy_connection *self, const struct proxy_request *request)
{
	static uint8_t page[ANSWER_PAGE_MAX];
	size_t length;

	ensure(!start_page_write(request->method, request->path, request->path_length,
	        self->context->contact, page, sizeof(page), &length));
	proxy_connection_answer_bytes(self, page, length);
}

static void note_request(struct proxy_connection *self, const struct proxy_request *request)
{
	self->is_connect = request->is_connect;
	self->is_head = strcmp(request->method, "HEAD") == 0;
	self->has_host = true;
	memcpy(self->method, request->method, sizeof(self->method));
	self->host = request->host;
	self->port = request->port;
}

static void take_request(
        struct proxy_connection *self, const struct proxy_request *request, size_t head_length)
{
	struct egress_route route;
	size_t available;

	note_request(self, request);
	own_addresses_freshen(self->context->own);
	egress_policy_route(
	        self->context->policy, &request->host, request->port, request->is_connect, &route);
	if (route.kind == ROUTE_START_PAGE && !self->is_surplus) {
		answer_start_page(self, request);
		return;
	}
	/* Before a name is looked up: a look-up by itself tells the web something. */
	if (!proxy_connection_admit(self))
		return;
	if (self->is_surplus) {
		proxy_connection_refuse(self, EGRESS_OVER_LIMIT, ANSWER_OVER_LIMIT);
		return;
	}
	if (prepare_head(self, request, &route)) {
		proxy_connection_refuse(self, EGRESS_MALFORMED, ANSWER_TOO_LARGE);
		return;
	}
	proxy_body_init(&self->body, request->body, request->content_length);
	proxy_flow_consume(&self->up, head_length); /* request borrows from here: not used below */
	proxy_flow_bytes(&self->up, &available);
	if (!self->is_connect && proxy_intake_keep_body(self, available))
		proxy_connection_refuse(self, EGRESS_MALFORMED, ANSWER_MALFORMED);
	else
		proxy_outbound_follow(self, &route);
}

void proxy_intake_read(struct proxy_connection *self)
{
	struct proxy_request request;
	bool is_first = proxy_flow_is_empty(&self->up);
	int result = proxy_flow_read(&self->up, self->client.fd);

	if (result == SHOJI_ERR_AGAIN)
		return;
	if (result <= 0) {
		proxy_connection_close(self); /* half a request is none */
		return;
	}
	if (is_first)
		proxy_connection_begin_request(self);
	size_t length;
	const uint8_t *bytes = proxy_flow_bytes(&self->up, &length);
	result = http_head_scan(&self->scan, bytes, length);
	if (result > 0)
		result = proxy_request_parse(bytes, length, &request);
	if (result > 0)
		take_request(self, &request, (size_t)result);
	else if (result < 0 && proxy_connection_admit(self))
		proxy_connection_refuse(self, EGRESS_MALFORMED,
		        result == SHOJI_ERR_LIMIT ? ANSWER_TOO_LARGE : ANSWER_MALFORMED);
}
