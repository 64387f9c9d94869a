/* shojictl watch: offers a look at a session to whoever opens the answered address within a minute. */
#include "base/error.h"
#include "keeper/control.h"
#include "keeper/text.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct offering {
	struct keeper *keeper;
	control_client_id client;
	uint64_t lease_id;
	struct onlook onlook;
	char token[TOKEN_TEXT_BYTES + 1];
};

static void forget(struct offering *offering)
{
	sodium_memzero(offering, sizeof(*offering));
	free(offering);
}

/* The token stands behind the #: a browser sends that to nobody, and no log on the way holds it. */
static json_t *offer_json(const struct offering *offering, const struct lease *lease)
{
	const struct config *config = &offering->keeper->config;
	const char *origin = config->gate.origins.n_items ? config->gate.origins.items[0] : NULL;
	char url[512], id[LEASE_TEXT_BYTES];

	snprintf(url, sizeof(url), "%s%s/watch#%s", origin ? "" : "https://",
	        origin ? origin : config->gate.listen, offering->token);
	json_t *data = json_pack("{s:s, s:s, s:s, s:i}", "session", lease_text(id, lease->id),
	        "person", lease->person, "url", url, "valid_s", ONLOOK_OFFER_MS / 1000);
	sodium_memzero(url, sizeof(url));
	return data;
}

static void on_offer_committed(void *data, int error)
{
	struct offering *offering = data;
	struct keeper *keeper = offering->keeper;
	struct lease *lease = leases_find(&keeper->leases, offering->lease_id);

	if (error)
		control_fail(keeper->control, offering->client, "unavailable",
		        "not offered: it cannot be recorded; free space in the data folder");
	else if (!lease || !lease_is_live(lease) || lease->onlook.state > ONLOOK_OFFERED)
		control_fail(keeper->control, offering->client, "refused",
		        "the session ended, or somebody else looks on by now");
	else {
		lease->onlook = offering->onlook;
		lease->onlook.state = ONLOOK_OFFERED;
		lease->onlook.offer_end_ms = clock_now_ms() + ONLOOK_OFFER_MS;
		control_succeed(keeper->control, offering->client, offer_json(offering, lease));
	}
	forget(offering);
}

/* NULL: failed. "" when no reason was given. */
static const char *reason_of(const struct control_call *call)
{
	const char *reason = "";

	if (json_object_get(call->request, "reason"))
		reason = control_text(call, "reason");
	if (!reason || strlen(reason) <= ONLOOK_REASON_MAX)
		return reason;
	control_fail(call->control, call->client, "bad_request", "a reason has at most %d bytes",
	        ONLOOK_REASON_MAX);
	return NULL;
}

/* Without gate.origins the address is what gate listens on: where that is one at all. */
static bool has_url(const struct config *config)
{
	const char *listen = config->gate.listen;
	size_t length = strlen(listen);

	if (config->gate.origins.n_items)
		return true;
	return strncmp(listen, "0.0.0.0:", 8) != 0 && strncmp(listen, "[::]:", 5) != 0 &&
	       !(length > 2 && strcmp(listen + length - 2, ":0") == 0);
}

static struct lease *find_watchable(const struct control_call *call)
{
	struct lease *lease;

	if (call->keeper->config.sessions.onlookers != ONLOOKERS_ANNOUNCED) {
		control_fail(call->control, call->client, "refused",
		        "sessions.onlookers is off: nobody may look on");
		return NULL;
	}
	if (!has_url(&call->keeper->config)) {
		control_fail(call->control, call->client, "refused",
		        "no address to look on at: name the one that terminals use in "
		        "gate.origins");
		return NULL;
	}
	lease = control_find_session(call);
	if (!lease)
		return NULL;
	if (lease->state == LEASE_ATTACHED && lease->onlook.state <= ONLOOK_OFFERED)
		return lease;
	control_fail(call->control, call->client, "refused",
	        lease->state == LEASE_ATTACHED
	                ? "somebody looks on at that session already"
	                : "the person is not there to be told; nobody is watched without that");
	return NULL;
}

void control_watch(const struct control_call *call)
{
	struct lease *lease = find_watchable(call);
	const char *reason = lease ? reason_of(call) : NULL;
	struct offering *offering = reason ? calloc(1, sizeof(*offering)) : NULL;

	if (!reason)
		return;
	if (!offering) {
		control_fail(call->control, call->client, "unavailable", "out of memory");
		return;
	}
	offering->keeper = call->keeper;
	offering->client = call->client;
	offering->lease_id = lease->id;
	offering->onlook.by_uid = call->uid;
	snprintf(offering->onlook.by, sizeof(offering->onlook.by), "%s", control_operator(call));
	snprintf(offering->onlook.reason, sizeof(offering->onlook.reason), "%s", reason);
	token_make(offering->token, offering->onlook.token);
	json_t *record = onlook_record("watch_offered", lease, &offering->onlook);
	if (journal_record(call->keeper->journal, RECORD_INTENT, record) &&
	        journal_then(call->keeper->journal, on_offer_committed, offering) == 0)
		return;
	control_fail(call->control, call->client, "unavailable", "keeper is too busy; try again");
	forget(offering);
}
