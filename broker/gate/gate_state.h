/* What gate's files share: the one struct that holds the process together. Private to gate. */
#ifndef SHOJI_GATE_GATE_STATE_H
#define SHOJI_GATE_GATE_STATE_H

#include "base/config.h"
#include "gate/meter.h"
#include "gate/origin.h"

#include <libwebsockets.h>
#include <stdbool.h>
#include <stdint.h>

struct gate {
	struct config config;
	struct lws_context *context;
	struct lws_vhost *vhost;
	struct loop *loop; /* the roles' channels; nested in lws's loop (role_loop.h) */
	struct channel *monitor;
	struct channel *keeper; /* NULL while keeper is away */
	uint32_t last_request;  /* number of the latest question to keeper */
	uint32_t last_watch;    /* number of the latest onlooker */
	uint32_t n_attaching;   /* attach questions that it has not answered yet */
	struct assets_served *assets;
	struct address_table *addresses;
	struct tls_identity *identity;
	struct origin_rules origins;
	struct connection *connections; /* list */
	struct connection *adopting;    /* handed to lws, not yet bound to what lws makes of it */
	struct session *sessions;       /* list */
	struct meter meter;             /* where policy caps the line */
	lws_sorted_usec_list_t meter_timer;
	uint64_t turns; /* of the loop, since the start */
	bool is_stopping;
};

/* lws's protocol names. A terminal can ask for GATE_PROTOCOL_VIEWER only (upgrade.c). */
#define GATE_PROTOCOL_HTTP "http"
#define GATE_PROTOCOL_LISTENER "listener"
#define GATE_PROTOCOL_ROLES "roles"

/* After a keeper question, before we give up. */
#define KEEPER_DEADLINE_MS 20000
/* For a terminal to take the whole of an answer. */
#define ANSWER_DEADLINE_MS 60000
/* For a viewer to take its last message. */
#define ENDING_DEADLINE_MS 5000

static inline struct gate *gate_of(struct lws *wsi)
{
	return lws_context_user(lws_get_context(wsi));
}

#endif
