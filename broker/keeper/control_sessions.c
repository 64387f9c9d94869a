/* shojictl status, sessions, end, screenshot. */
#include "base/error.h"
#include "base/log.h"
#include "keeper/control.h"
#include "keeper/sessions.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SNAPSHOTS_MAX 4
#define SNAPSHOT_DEADLINE_MS 5000

/* kbit/s; null: no cap. */
static json_t *cap_json(uint64_t kbit_s)
{
	return kbit_s == CONFIG_NO_LIMIT ? json_null() : json_integer((json_int_t)kbit_s);
}

void control_status(const struct control_call *call)
{
	struct keeper *keeper = call->keeper;
	uint64_t n_people = 0;
	json_t *sessions = json_object();

	for (int state = LEASE_STARTING; state <= LEASE_ENDING; state++)
		json_object_set_new(sessions, lease_state_text((enum lease_state)state),
		        json_integer((json_int_t)leases_count(
		                &keeper->leases, (enum lease_state)state)));
	json_object_set_new(sessions, "max", json_integer((json_int_t)keeper->config.sessions.max));
	json_object_set_new(
	        sessions, "kbit_s_each_max", cap_json(keeper->config.sessions.kbit_s_each_max));
	json_object_set_new(
	        sessions, "kbit_s_all_max", cap_json(keeper->config.sessions.kbit_s_all_max));
	store_count_people(keeper->store, &n_people);
	json_t *data = json_pack("{s:s, s:I, s:b, s:b, s:I, s:I, s:I, s:o}", "version",
	        keeper->has_broker_status ? keeper->version : SHOJI_VERSION, "uptime_s",
	        (json_int_t)((clock_utc_ms() - keeper->started_utc_ms) / 1000), "gate",
	        keeper->gate != NULL, "egress", keeper->egress != NULL, "hash_workers",
	        (json_int_t)hash_pool_workers(keeper->hash), "sign_ins_waiting",
	        (json_int_t)hash_pool_waiting(keeper->hash), "people", (json_int_t)n_people,
	        "sessions", sessions);
	if (data && keeper->has_broker_status) {
		json_object_set_new(data, "isolation",
		        json_string(keeper->is_full_isolation ? "full" : "reduced"));
		json_object_set_new(data, "limits", json_string(keeper->limits));
	}
	if (data)
		json_object_set_new(data, "audit",
		        json_pack("{s:b, s:I, s:s, s:I}", "writable",
		                !journal_is_broken(keeper->journal), "records",
		                (json_int_t)keeper->audit.head.number, "head",
		                keeper->audit.head.hash, "pending",
		                (json_int_t)journal_pending(keeper->journal)));
	control_succeed(call->control, call->client, data);
}

/* Milliseconds. null: nothing was typed yet. */
static json_t *latency_json(const struct lease_latency *latency)
{
	if (latency->n_answers == 0)
		return json_null();
	return json_pack("{s:I, s:f, s:f, s:f, s:f}", "answers", (json_int_t)latency->n_answers,
	        "drawn_p50_ms", latency->drawn_p50 / 10.0, "drawn_p95_ms",
	        latency->drawn_p95 / 10.0, "round_p50_ms", latency->round_p50 / 10.0,
	        "round_p95_ms", latency->round_p95 / 10.0);
}

static json_t *session_json(const struct lease *lease)
{
	char id[LEASE_TEXT_BYTES];
	uint64_t now_ms = clock_now_ms();
	uint64_t idle_end_ms = lease->idle_end_ms > now_ms ? lease->idle_end_ms - now_ms : 0;
	uint64_t left_ms = lease->duration_end_ms > now_ms ? lease->duration_end_ms - now_ms : 0;
	json_t *item = json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:I, s:I, s:I}", "id",
	        lease_text(id, lease->id), "person", lease->person, "name", lease->display_name,
	        "state", lease_state_text(lease->state), "address", lease->address, "slot",
	        (int)lease->slot, "width", (int)lease->width, "height", (int)lease->height,
	        "started_utc_ms", (json_int_t)lease->started_utc_ms, "idle_end_s",
	        (json_int_t)(idle_end_ms / 1000), "duration_end_s", (json_int_t)(left_ms / 1000));

	if (item)
		json_object_set_new(item, "latency", latency_json(&lease->latency));
	if (item && lease->onlook.state == ONLOOK_ON)
		json_object_set_new(item, "watched_by", json_string(lease->onlook.by));
	if (item && lease->reason)
		json_object_set_new(item, "reason", json_string(end_reason_text(lease->reason)));
	return item;
}

void control_sessions(const struct control_call *call)
{
	json_t *items = json_array();
	struct lease *lease;

	for (size_t at = 0; (lease = leases_next(&call->keeper->leases, &at));)
		if (lease->state != LEASE_ENDED)
			json_array_append_new(items, session_json(lease));
	control_list(call->control, call->client, items);
}

/* ---- which session ---- */

struct lease *control_find_session(const struct control_call *call)
{
	const char *wanted = control_text(call, "session");
	char person[PERSON_ID_MAX + 1], id[LEASE_TEXT_BYTES];
	struct lease *lease, *found = NULL;

	if (!wanted)
		return NULL;
	for (size_t at = 0; (lease = leases_next(&call->keeper->leases, &at));) {
		/* At least one hex digit: "s-" alone would name whatever runs. */
		if (!lease_is_live(lease) || strlen(wanted) < 3 ||
		        strncmp(lease_text(id, lease->id), wanted, strlen(wanted)) != 0)
			continue;
		if (found) {
			control_fail(call->control, call->client, "ambiguous",
			        "more than one session begins with %s", wanted);
			return NULL;
		}
		found = lease;
	}
	if (!found && text_person_id(wanted, person))
		found = leases_find_person(&call->keeper->leases, person);
	if (!found)
		control_fail(call->control, call->client, "not_found",
		        "no session or signed-in person is called %s", wanted);
	return found;
}

/* ---- end ---- */

struct ending {
	struct keeper *keeper;
	control_client_id client;
	uint64_t lease_id;
};

static void on_end_committed(void *data, int error)
{
	struct ending *ending = data;
	struct keeper *keeper = ending->keeper;
	char id[LEASE_TEXT_BYTES];

	if (error)
		control_fail(keeper->control, ending->client, "unavailable",
		        "the session is ending, but that could not be recorded: the audit log "
		        "cannot be "
		        "written; free space in the data folder");
	else
		control_succeed(keeper->control, ending->client,
		        json_pack("{s:s}", "session", lease_text(id, ending->lease_id)));
	free(ending);
}

/* A session that is to end ends, recorded or not: the wish is the safe side. */
void control_end(const struct control_call *call)
{
	struct keeper *keeper = call->keeper;
	struct lease *lease = control_find_session(call);
	struct ending *ending = lease ? calloc(1, sizeof(*ending)) : NULL;

	if (!lease)
		return;
	json_t *record = record_of_lease("session_end_requested", lease);
	control_sign(call, record);
	journal_record(keeper->journal, RECORD_FACT, record);
	if (ending)
		*ending = (struct ending){
		        .keeper = keeper, .client = call->client, .lease_id = lease->id};
	sessions_end(keeper, lease, END_ADMINISTRATOR);
	if (ending && journal_then(keeper->journal, on_end_committed, ending) == 0)
		return;
	free(ending);
	control_fail(call->control, call->client, "unavailable",
	        "the session is ending; keeper is too busy to say when that is recorded");
}

/* ---- screenshot ---- */

struct snapshot {
	struct keeper *keeper;
	uint64_t deadline_ms;
	control_client_id client;
	uint64_t lease_id;
	uint32_t request;
	uid_t uid;
	struct message_snapshot_taken picture; /* pixels owned from arrival on */
	char by[65];
	bool is_used;
};

static struct snapshot snapshots[SNAPSHOTS_MAX];
static uint32_t last_snapshot_request;

static struct snapshot *free_snapshot(void)
{
	uint64_t now_ms = clock_now_ms();

	for (size_t i = 0; i < SNAPSHOTS_MAX; i++)
		if (!snapshots[i].is_used ||
		        (snapshots[i].request && snapshots[i].deadline_ms <= now_ms))
			return &snapshots[i];
	return NULL;
}

void control_screenshot(const struct control_call *call)
{
	struct lease *lease = control_find_session(call);
	struct snapshot *snapshot = lease ? free_snapshot() : NULL;

	if (!lease)
		return;
	if (!snapshot) {
		control_fail(call->control, call->client, "busy",
		        "%d screenshots are being taken; try again", SNAPSHOTS_MAX);
		return;
	}
	if (lease->state == LEASE_STARTING) {
		control_fail(call->control, call->client, "refused",
		        "that session shows no picture yet; try again in a few seconds");
		return;
	}
	*snapshot = (struct snapshot){.is_used = true,
	        .keeper = call->keeper,
	        .request =
	                ++last_snapshot_request ? last_snapshot_request : ++last_snapshot_request,
	        .deadline_ms = clock_now_ms() + SNAPSHOT_DEADLINE_MS,
	        .client = call->client,
	        .uid = call->uid,
	        .lease_id = lease->id};
	snprintf(snapshot->by, sizeof(snapshot->by), "%s", control_operator(call));
	if (CHANNEL_SEND(call->keeper->monitor, take_snapshot, .request = snapshot->request,
	            .lease_id = lease->id) == 0)
		return;
	snapshot->is_used = false;
	control_fail(call->control, call->client, "unavailable", "monitor does not answer");
}

/* The record is on disk: only now is the picture handed out and the person told. */
static void on_snapshot_committed(void *data, int error)
{
	struct snapshot *snapshot = data;
	struct keeper *keeper = snapshot->keeper;
	struct message_notify_viewer notice = {
	        .lease_id = snapshot->lease_id, .notice = NOTICE_SCREENSHOT};

	if (error) {
		control_fail(keeper->control, snapshot->client, "unavailable",
		        "no screenshot: it cannot be recorded; free space in the data folder");
	} else {
		snprintf(notice.text, sizeof(notice.text), "%s", snapshot->by);
		if (keeper->gate)
			CHANNEL_SEND_VALUE(keeper->gate, notify_viewer, &notice);
		if (control_send_picture(keeper->control, snapshot->client, &snapshot->picture) ==
		        0)
			control_succeed(keeper->control, snapshot->client, NULL);
	}
	close(snapshot->picture.pixels);
	snapshot->is_used = false;
}

/* What monitor sends is believed less than it might be: shojictl maps it. */
static bool is_picture_sound(const struct message_snapshot_taken *picture)
{
	struct stat status;

	return picture->width >= 1 && picture->width <= SCREEN_WIDTH_MAX && picture->height >= 1 &&
	       picture->height <= SCREEN_HEIGHT_MAX &&
	       picture->stride_bytes >= (uint32_t)picture->width * PIXEL_BYTES &&
	       picture->stride_bytes <= SCREEN_WIDTH_MAX * PIXEL_BYTES &&
	       fstat(picture->pixels, &status) == 0 &&
	       status.st_size >= (off_t)picture->stride_bytes * picture->height;
}

static void take_picture(struct snapshot *snapshot)
{
	struct keeper *keeper = snapshot->keeper;
	const struct lease *lease = leases_find(&keeper->leases, snapshot->lease_id);
	char id[LEASE_TEXT_BYTES];
	json_t *record = lease ? record_of_lease("screenshot", lease)
	                       : json_pack("{s:s, s:s}", "event", "screenshot", "lease",
	                                 lease_text(id, snapshot->lease_id));

	if (record) {
		json_object_set_new(record, "by_uid", json_integer((json_int_t)snapshot->uid));
		json_object_set_new(record, "by", json_string(snapshot->by));
	}
	/* From here on the commit ends it, not the deadline. */
	snapshot->request = 0;
	if (journal_record(keeper->journal, RECORD_INTENT, record) &&
	        journal_then(keeper->journal, on_snapshot_committed, snapshot) == 0)
		return;
	on_snapshot_committed(snapshot, SHOJI_ERR_MEMORY);
}

void control_on_snapshot(struct control *self, struct message *in)
{
	struct message_snapshot_taken message;

	if (message_get_snapshot_taken(in, &message))
		return;
	for (size_t i = 0; i < SNAPSHOTS_MAX; i++) {
		struct snapshot *snapshot = &snapshots[i];
		if (!snapshot->is_used || snapshot->request == 0 ||
		        snapshot->request != message.request)
			continue;
		if (message.is_taken && is_picture_sound(&message)) {
			snapshot->picture = message;
			take_picture(snapshot);
			return;
		}
		control_fail(self, snapshot->client, "refused",
		        "that session gave no picture: it is ending, or encode does not answer");
		snapshot->is_used = false;
	}
	close(message.pixels);
}
