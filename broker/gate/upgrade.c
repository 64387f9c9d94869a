/* Looks at an upgrade before lws does. lws 4.1 would also upgrade to HTTP/2, take any of its protocols for a
 * WebSocket, and goes on after an unknown upgrade with headers that it has freed: so everything but the one
 * upgrade that we serve ends here. */
#include "gate/upgrade.h"

#include "gate/connection.h"
#include "gate/gate_state.h"
#include "gate/http.h"
#include "gate/request_header.h"
#include "stream/wire.h"

#include <string.h>

static bool is_header(struct lws *wsi, enum lws_token_indexes token, const char *wanted)
{
	char value[64];

	return lws_hdr_copy(wsi, value, sizeof(value), token) > 0 && !strcasecmp(value, wanted);
}

static const char *check(struct connection *self, unsigned *status)
{
	struct lws *wsi = self->wsi;

	*status = 404;
	self->is_onlooker = self->gate->config.sessions.onlookers == ONLOOKERS_ANNOUNCED &&
	                    is_header(wsi, WSI_TOKEN_GET_URI, UPGRADE_PATH_ONLOOKER);
	if (!self->is_onlooker && !is_header(wsi, WSI_TOKEN_GET_URI, UPGRADE_PATH))
		return "an upgrade elsewhere than at " UPGRADE_PATH;
	*status = 403;
	const char *why = request_check_source(self, true);
	if (why)
		return why;
	*status = 400;
	/* A browser sends exactly the list that the page gave it. */
	if (!is_header(wsi, WSI_TOKEN_PROTOCOL, WIRE_SUBPROTOCOL) ||
	        !is_header(wsi, WSI_TOKEN_VERSION, "13"))
		return "a WebSocket of another subprotocol or version";
	*status = 401;
	/* An onlooker is bound to nothing but its token. */
	if (!self->is_onlooker && !request_session_cookie(wsi, self->cookie))
		return "a stream without its cookie";
	return NULL;
}

int upgrade_check(struct connection *self)
{
	unsigned status;

	if (self->state != CONNECTION_REQUEST ||
	        !is_header(self->wsi, WSI_TOKEN_UPGRADE, "websocket"))
		return -1;
	const char *why = check(self, &status);
	if (!why)
		return 0;
	http_refuse(self, status, why);
	/* Nothing was sent on this connection yet, or all of it has left: header and body fit. */
	if (answer_send(&self->answer, self->wsi) == 0)
		answer_send(&self->answer, self->wsi);
	return -1;
}
