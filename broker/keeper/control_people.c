/* shojictl people: the passwords that it sends are hashed in the workers and kept nowhere else. */
#include "base/error.h"
#include "keeper/control.h"
#include "keeper/sessions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A change that waits for its hash, then for its commit. */
struct change {
	struct keeper *keeper;
	control_client_id client;
	bool is_new;
	struct person person;
	json_t *record; /* owned until it is recorded */
};

static void free_change(struct change *self)
{
	json_decref(self->record);
	free(self);
}

static bool get_id(const struct control_call *call, char id[PERSON_ID_MAX + 1])
{
	const char *typed = control_text(call, "id");

	if (typed && text_person_id(typed, id))
		return true;
	if (typed)
		control_fail(call->control, call->client, "bad_id",
		        "an ID is 1 to 64 of a-z 0-9 . _ - @ and begins with a letter or digit");
	return false;
}

static bool is_password_good(const struct control_call *call, const char *id, const char **password)
{
	const char *text = json_string_value(json_object_get(call->request, "password"));
	size_t length_min = (size_t)call->keeper->config.people.password_length_min;

	if (!text) {
		control_fail(call->control, call->client, "bad_request", "\"password\" is missing");
		return false;
	}
	enum password_verdict verdict = text_password(text, id, length_min);
	*password = text;
	if (verdict == PASSWORD_GOOD)
		return true;
	if (verdict == PASSWORD_TOO_SHORT)
		control_fail(call->control, call->client, "password",
		        "the password needs at least %zu characters", length_min);
	else
		control_fail(call->control, call->client, "password", "the password is %s",
		        text_password_verdict(verdict));
	return false;
}

static bool refuse_when_broken(const struct control_call *call)
{
	if (!journal_is_broken(call->keeper->journal))
		return false;
	control_fail(call->control, call->client, "unavailable",
	        "nothing can be changed: the audit log or the database cannot be written; free "
	        "space in "
	        "the data folder");
	return true;
}

static void on_change_committed(void *data, int error)
{
	struct change *self = data;

	if (error)
		control_fail(self->keeper->control, self->client, "unavailable",
		        "not done: the audit log or the database cannot be written; free space in "
		        "the "
		        "data folder");
	else
		control_succeed(self->keeper->control, self->client,
		        json_pack("{s:s}", "id", self->person.id));
	free_change(self);
}

static void record_change(struct change *self)
{
	struct keeper *keeper = self->keeper;
	json_t *record = self->record;

	self->record = NULL;
	if (journal_record(keeper->journal, RECORD_INTENT, record) &&
	        journal_then(keeper->journal, on_change_committed, self) == 0)
		return;
	/* The row must not become durable without its record. */
	journal_abort(keeper->journal);
	on_change_committed(self, SHOJI_ERR_MEMORY);
}

static void fail_change(struct change *self, int error)
{
	struct control *control = self->keeper->control;

	if (error == SHOJI_ERR_EXISTS)
		control_fail(control, self->client, "exists",
		        "%s exists already; to change the password: shojictl people passwd %s",
		        self->person.id, self->person.id);
	else if (error == SHOJI_ERR_NOT_FOUND)
		control_fail(control, self->client, "not_found", "nobody has the ID %s",
		        self->person.id);
	else if (error == SHOJI_ERR_LIMIT)
		control_fail(
		        control, self->client, "limit", "there are %d people already", PEOPLE_MAX);
	else
		control_fail(control, self->client, "unavailable",
		        "the database cannot be written: %s", shoji_error_text(error));
	free_change(self);
}

static void on_hashed(void *data, enum hash_outcome outcome, const char *stored)
{
	struct change *self = data;
	struct keeper *keeper = self->keeper;

	if (outcome != HASH_MADE) {
		control_fail(keeper->control, self->client, "unavailable",
		        "the password could not be hashed; is there memory for "
		        "people.argon2_memory_kib?");
		free_change(self);
		return;
	}
	snprintf(self->person.hash, sizeof(self->person.hash), "%s", stored);
	int error = journal_begin(keeper->journal);
	if (!error)
		error = self->is_new ? store_add_person(keeper->store, &self->person)
		                     : store_set_password(
		                               keeper->store, self->person.id, self->person.hash);
	if (error)
		fail_change(self, error);
	else
		record_change(self);
}

static void begin_change(const struct control_call *call, const char *event, bool is_new,
        const struct person *person, const char *password)
{
	struct change *self = calloc(1, sizeof(*self));
	struct hash_request request = {.is_make = true,
	        .password = password,
	        .address = "shojictl",
	        .on_done = on_hashed,
	        .data = self};

	if (!self) {
		control_fail(call->control, call->client, "unavailable", "out of memory");
		return;
	}
	*self = (struct change){.keeper = call->keeper,
	        .client = call->client,
	        .is_new = is_new,
	        .person = *person,
	        .record = json_pack("{s:s, s:s}", "event", event, "person", person->id)};
	control_sign(call, self->record);
	lockout_name(&call->keeper->lockout, person->id, request.name);
	if (hash_pool_ask(call->keeper->hash, &request) == 0)
		return;
	control_fail(call->control, call->client, "busy", "too many sign-ins wait; try again");
	free_change(self);
}

void control_people_add(const struct control_call *call)
{
	struct person person = {.created_utc_ms = clock_utc_ms()}, other;
	const char *name = json_string_value(json_object_get(call->request, "name"));
	const char *password;

	if (refuse_when_broken(call) || !get_id(call, person.id))
		return;
	if (!name)
		name = person.id;
	if (!text_is_display_name(name)) {
		control_fail(call->control, call->client, "bad_name",
		        "a name is 1 to %d bytes of UTF-8 without control characters",
		        DISPLAY_NAME_MAX);
		return;
	}
	snprintf(person.name, sizeof(person.name), "%s", name);
	/* Said before the hashing, so that a mistake shows at once; the insert says it again. */
	if (store_find_person(call->keeper->store, person.id, &other) == 0) {
		control_fail(call->control, call->client, "exists",
		        "%s exists already; to change the password: shojictl people passwd %s",
		        person.id, person.id);
		return;
	}
	if (is_password_good(call, person.id, &password))
		begin_change(call, "person_added", true, &person, password);
}

/* The person whose id the request names; false: failed. */
static bool find_person(const struct control_call *call, struct person *person)
{
	char id[PERSON_ID_MAX + 1];

	if (!get_id(call, id))
		return false;
	if (store_find_person(call->keeper->store, id, person) == 0)
		return true;
	control_fail(call->control, call->client, "not_found", "nobody has the ID %s", id);
	return false;
}

void control_people_passwd(const struct control_call *call)
{
	struct person person;
	const char *password;

	if (refuse_when_broken(call) || !find_person(call, &person))
		return;
	if (is_password_good(call, person.id, &password))
		begin_change(call, "password_changed", false, &person, password);
}

static void set_locked(const struct control_call *call, bool is_locked)
{
	struct keeper *keeper = call->keeper;
	struct person person;

	if (refuse_when_broken(call) || !find_person(call, &person))
		return;
	struct change *self = calloc(1, sizeof(*self));
	if (!self) {
		control_fail(call->control, call->client, "unavailable", "out of memory");
		return;
	}
	*self = (struct change){.keeper = keeper,
	        .client = call->client,
	        .person = person,
	        .record = json_pack("{s:s, s:s}", "event",
	                is_locked ? "person_locked" : "person_unlocked", "person", person.id)};
	control_sign(call, self->record);
	int error = journal_begin(keeper->journal);
	if (!error)
		error = store_set_locked(keeper->store, person.id, is_locked);
	if (error) {
		fail_change(self, error);
		return;
	}
	record_change(self);
}

void control_people_lock(const struct control_call *call)
{
	char id[PERSON_ID_MAX + 1];
	const char *typed = json_string_value(json_object_get(call->request, "id"));
	struct lease *lease = NULL;

	if (typed && text_person_id(typed, id))
		lease = leases_find_person(&call->keeper->leases, id);
	set_locked(call, true);
	/* Who may not sign in may not stay either; as with `end`, whether or not it can be recorded. */
	if (lease)
		sessions_end(call->keeper, lease, END_ADMINISTRATOR);
}

void control_people_unlock(const struct control_call *call)
{
	char id[PERSON_ID_MAX + 1];
	uint8_t name[LOCKOUT_NAME_BYTES];
	const char *typed = json_string_value(json_object_get(call->request, "id"));

	if (typed && text_person_id(typed, id) && !journal_is_broken(call->keeper->journal)) {
		lockout_name(&call->keeper->lockout, id, name);
		lockout_clear(&call->keeper->lockout, name);
	}
	set_locked(call, false);
}

/* ---- list ---- */

struct listing {
	struct keeper *keeper;
	json_t *items;
};

static int list_one(void *data, const struct person *person)
{
	struct listing *listing = data;
	uint8_t name[LOCKOUT_NAME_BYTES];
	const struct lease *lease = leases_find_person(&listing->keeper->leases, person->id);

	lockout_name(&listing->keeper->lockout, person->id, name);
	uint64_t locked_ms = lockout_locked_for_ms(&listing->keeper->lockout, name, clock_now_ms());
	return json_array_append_new(listing->items,
	        json_pack("{s:s, s:s, s:b, s:I, s:I, s:b}", "id", person->id, "name", person->name,
	                "locked", person->is_locked, "locked_out_s",
	                (json_int_t)((locked_ms + 999) / 1000), "created_utc_ms",
	                (json_int_t)person->created_utc_ms, "signed_in", lease != NULL));
}

void control_people_list(const struct control_call *call)
{
	struct listing listing = {.keeper = call->keeper, .items = json_array()};
	int error = store_each_person(call->keeper->store, list_one, &listing);

	if (!error) {
		control_list(call->control, call->client, listing.items);
		return;
	}
	json_decref(listing.items);
	control_fail(call->control, call->client, "unavailable", "the database cannot be read");
}
