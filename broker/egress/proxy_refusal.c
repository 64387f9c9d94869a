/* Everything that egress says by itself instead of passing on what others say, and its records. The words are in
 * answer.c; the isolated host reads them. */
#include "egress/proxy_connection_parts.h"

#include "base/ensure.h"
#include "base/error.h"
#include "base/log.h"
#include "egress/dial.h"
#include "egress/egress_context.h"
#include "egress/egress_records.h"

#include <string.h>

int proxy_connection_record(struct proxy_connection *self, enum egress_verdict verdict,
        const struct net_address *address)
{
	return egress_records_put(self->context->records, self->lease_id, verdict, self->method,
	        self->has_host ? &self->host : NULL, self->port, address);
}

bool proxy_connection_admit(struct proxy_connection *self)
{
	int error = egress_records_admit(self->context->records, self->lease_id, self->method,
	        self->has_host ? &self->host : NULL, self->port);

	if (error)
		proxy_connection_answer(
		        self, error == SHOJI_ERR_FORBIDDEN ? ANSWER_TOO_MANY : ANSWER_NOT_RECORDED);
	return !error;
}

void proxy_connection_answer_bytes(
        struct proxy_connection *self, const uint8_t *bytes, size_t length)
{
	proxy_connection_close_side(&self->server);
	dial_free(self->dial);
	self->dial = NULL;
	proxy_flow_kill(&self->up);
	self->down.source_ended = true;
	proxy_connection_set_state(self, STATE_ANSWERING);
	if (proxy_flow_add_prefix(&self->down, bytes, length)) {
		proxy_connection_close(self);
		return;
	}
	proxy_connection_update_watches(self);
}

void proxy_connection_answer(struct proxy_connection *self, enum answer_reason reason)
{
	static uint8_t page[ANSWER_PAGE_MAX];
	size_t length;
	char quoted[LOG_QUOTE_MAX], host[PROXY_HOST_TEXT_MAX] = "";

	if (self->has_host)
		proxy_host_text(&self->host, host);
	log_debug(self->lease_id, "answered %u to %s \"%s\" port %u", answer_status(reason),
	        self->method, log_quote(quoted, host, strlen(host)), self->port);
	/* What an upstream proxy answered is its own words: not shown. */
	proxy_flow_finish(&self->down);
	ensure(!answer_write(reason, self->has_host ? &self->host : NULL, self->context->contact,
	        !self->is_head, page, sizeof(page), &length));
	proxy_connection_answer_bytes(self, page, length);
}

void proxy_connection_refuse(
        struct proxy_connection *self, enum egress_verdict verdict, enum answer_reason reason)
{
	/* Refused with or without a record: a record that cannot be made stops connections, not refusals. */
	proxy_connection_record(self, verdict, NULL);
	proxy_connection_answer(self, reason);
}

static enum answer_reason reason_of(enum egress_verdict verdict)
{
	switch (verdict) {
	case EGRESS_DENIED_BY_LIST:
		return ANSWER_DENIED_BY_LIST;
	case EGRESS_DENIED_ADDRESS:
		return ANSWER_DENIED_ADDRESS;
	case EGRESS_DENIED_PORT:
		return ANSWER_DENIED_PORT;
	case EGRESS_NOT_RESOLVED:
		return ANSWER_NOT_RESOLVED;
	case EGRESS_OVER_LIMIT:
		return ANSWER_OVER_LIMIT;
	case EGRESS_UNREACHABLE:
		return ANSWER_UNREACHABLE;
	case EGRESS_ALLOWED:
	case EGRESS_MALFORMED:
	case EGRESS_DENIED_SNI:
		break;
	}
	return ANSWER_MALFORMED;
}

void proxy_connection_refuse_route(struct proxy_connection *self, enum egress_verdict verdict)
{
	proxy_connection_refuse(self, verdict, reason_of(verdict));
}

void proxy_connection_refuse_unreachable(struct proxy_connection *self)
{
	proxy_connection_refuse(self, EGRESS_UNREACHABLE,
	        self->is_upstream ? ANSWER_UPSTREAM_DOWN : ANSWER_UNREACHABLE);
}
