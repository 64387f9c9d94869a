/* The only file that knows SQL. What it stores has been checked by its callers; what it reads back it
 * checks against the same limits, because a disk is not believed either. */
#include "keeper/store.h"

#include "base/ensure.h"
#include "base/error.h"
#include "base/log.h"

#include <sodium.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* One entry a version; never change one that was released, add the next. */
static const char *const migrations[] = {
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
        "CREATE TABLE people ("
        "  id TEXT PRIMARY KEY, name TEXT NOT NULL, hash TEXT NOT NULL,"
        "  is_locked INTEGER NOT NULL, created_ms INTEGER NOT NULL) WITHOUT ROWID;"
        "CREATE TABLE leases ("
        "  id INTEGER PRIMARY KEY, slot INTEGER NOT NULL UNIQUE, state INTEGER NOT NULL,"
        "  person TEXT NOT NULL, name TEXT NOT NULL, address TEXT NOT NULL,"
        "  width INTEGER NOT NULL, height INTEGER NOT NULL,"
        "  cookie BLOB NOT NULL UNIQUE, token_next BLOB NOT NULL, token_last BLOB NOT NULL,"
        "  may_repeat INTEGER NOT NULL, was_attached INTEGER NOT NULL, reason INTEGER NOT NULL,"
        "  started_ms INTEGER NOT NULL, deadline_ms INTEGER NOT NULL,"
        "  idle_end_ms INTEGER NOT NULL, duration_end_ms INTEGER NOT NULL);"
        "CREATE TABLE attempts ("
        "  name BLOB PRIMARY KEY, is_known INTEGER NOT NULL, failures INTEGER NOT NULL,"
        "  locked_until_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL) WITHOUT ROWID;"
        "CREATE INDEX attempts_last ON attempts (is_known, last_ms);",
        /* Counted by bucket; what was counted by name is over in the time of a lock. */
        "DROP TABLE attempts;"
        "CREATE TABLE attempts (bucket INTEGER PRIMARY KEY, failures INTEGER NOT NULL,"
        "  locked_until_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL);",
};
#define N_MIGRATIONS ((int)(sizeof(migrations) / sizeof(migrations[0])))

/* WAL and checkpoint bound what one commit may write: 1000 pages of 4 KiB. 256 MiB hold PEOPLE_MAX many times over. */
static const char set_up_sql[] = "PRAGMA locking_mode=EXCLUSIVE;"
                                 "PRAGMA journal_mode=WAL;"
                                 "PRAGMA synchronous=FULL;"
                                 "PRAGMA foreign_keys=ON;"
                                 "PRAGMA secure_delete=ON;"
                                 "PRAGMA temp_store=MEMORY;"
                                 "PRAGMA trusted_schema=OFF;"
                                 "PRAGMA wal_autocheckpoint=256;"
                                 "PRAGMA journal_size_limit=4194304;"
                                 "PRAGMA max_page_count=65536;";

enum statement {
	BEGIN,
	COMMIT,
	ROLLBACK,
	META_GET,
	META_SET,
	PERSON_FIND,
	PERSON_ADD,
	PERSON_PASSWORD,
	PERSON_LOCK,
	PERSON_COUNT,
	PERSON_EACH,
	LEASE_SAVE,
	LEASE_DELETE,
	LEASE_EACH,
	ATTEMPTS_SAVE,
	ATTEMPTS_DELETE,
	ATTEMPTS_EACH,
	N_STATEMENTS,
};

static const char *const statement_sql[N_STATEMENTS] = {
        [BEGIN] = "BEGIN IMMEDIATE",
        [COMMIT] = "COMMIT",
        [ROLLBACK] = "ROLLBACK",
        [META_GET] = "SELECT value FROM meta WHERE key = ?1",
        [META_SET] = "INSERT INTO meta (key, value) VALUES (?1, ?2)"
                     " ON CONFLICT (key) DO UPDATE SET value = ?2",
        [PERSON_FIND] = "SELECT id, name, is_locked, created_ms, hash FROM people WHERE id = ?1",
        [PERSON_ADD] = "INSERT INTO people (id, name, hash, is_locked, created_ms)"
                       " VALUES (?1, ?2, ?3, ?4, ?5)",
        [PERSON_PASSWORD] = "UPDATE people SET hash = ?2 WHERE id = ?1",
        [PERSON_LOCK] = "UPDATE people SET is_locked = ?2 WHERE id = ?1",
        [PERSON_COUNT] = "SELECT count(*) FROM people",
        [PERSON_EACH] = "SELECT id, name, is_locked, created_ms FROM people ORDER BY id",
        [LEASE_SAVE] =
                "INSERT INTO leases (id, slot, state, person, name, address, width, height,"
                " cookie, token_next, token_last, may_repeat, was_attached, reason, started_ms,"
                " deadline_ms, idle_end_ms, duration_end_ms) VALUES"
                " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)"
                " ON CONFLICT (id) DO UPDATE SET state = ?3, address = ?6, token_next = ?10,"
                " token_last = ?11, may_repeat = ?12, was_attached = ?13, reason = ?14,"
                " deadline_ms = ?16, idle_end_ms = ?17, duration_end_ms = ?18",
        [LEASE_DELETE] = "DELETE FROM leases WHERE id = ?1",
        [LEASE_EACH] = "SELECT id, slot, state, person, name, address, width, height, cookie,"
                       " token_next, token_last, may_repeat, was_attached, reason, started_ms,"
                       " deadline_ms, idle_end_ms, duration_end_ms FROM leases ORDER BY slot",
        [ATTEMPTS_SAVE] =
                "INSERT OR REPLACE INTO attempts (bucket, failures, locked_until_ms, last_ms)"
                " VALUES (?1, ?2, ?3, ?4)",
        [ATTEMPTS_DELETE] = "DELETE FROM attempts WHERE bucket = ?1",
        [ATTEMPTS_EACH] = "SELECT bucket, failures, locked_until_ms, last_ms FROM attempts",
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *statements[N_STATEMENTS];
	bool is_begun;
};

static int fail(struct store *self, const char *what)
{
	log_error(0, "the database: %s: %s", what, sqlite3_errmsg(self->db));
	return SHOJI_ERR_SYSTEM;
}

/* ---- opening ---- */

int store_schema_version(void)
{
	return N_MIGRATIONS;
}

int store_version(struct store *self)
{
	sqlite3_stmt *statement;
	int version = SHOJI_ERR_SYSTEM;

	if (sqlite3_prepare_v2(self->db, "PRAGMA user_version", -1, &statement, NULL) != SQLITE_OK)
		return fail(self, "cannot read its version");
	if (sqlite3_step(statement) == SQLITE_ROW)
		version = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	return version;
}

static int run(struct store *self, const char *sql, const char *what)
{
	return sqlite3_exec(self->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : fail(self, what);
}

static int migrate_one(struct store *self, int from)
{
	char set_version[64];
	int error = run(self, "BEGIN IMMEDIATE", "cannot begin a migration");

	if (error)
		return error;
	sqlite3_snprintf(sizeof(set_version), set_version, "PRAGMA user_version = %d", from + 1);
	error = run(self, migrations[from], "cannot migrate");
	if (!error)
		error = run(self, set_version, "cannot set its version");
	if (!error)
		error = run(self, "COMMIT", "cannot commit a migration");
	if (error)
		sqlite3_exec(self->db, "ROLLBACK", NULL, NULL, NULL);
	return error;
}

static int migrate(struct store *self)
{
	int version = store_version(self);

	if (version < 0)
		return version;
	if (version > N_MIGRATIONS) {
		log_error(0,
		        "the database has schema version %d, written by a newer Shoji; this one "
		        "knows %d: "
		        "install the newer one, or restore the data folder's backup",
		        version, N_MIGRATIONS);
		return SHOJI_ERR_FORBIDDEN;
	}
	for (; version < N_MIGRATIONS; version++) {
		int error = migrate_one(self, version);
		if (error)
			return error;
	}
	return 0;
}

static void set_limits(struct store *self)
{
	sqlite3_limit(self->db, SQLITE_LIMIT_LENGTH, 1024 * 1024);
	sqlite3_limit(self->db, SQLITE_LIMIT_SQL_LENGTH, 16384);
	sqlite3_limit(self->db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_limit(self->db, SQLITE_LIMIT_WORKER_THREADS, 0);
	sqlite3_db_config(self->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_busy_timeout(self->db, 0);
}

static int prepare(struct store *self)
{
	for (int i = 0; i < N_STATEMENTS; i++)
		if (sqlite3_prepare_v3(self->db, statement_sql[i], -1, SQLITE_PREPARE_PERSISTENT,
		            &self->statements[i], NULL) != SQLITE_OK)
			return fail(self, "cannot prepare a statement");
	return 0;
}

int store_open(struct store **out, const char *path)
{
	struct store *self = calloc(1, sizeof(*self));
	int error;

	if (!self)
		return SHOJI_ERR_MEMORY;
	if (sqlite3_open_v2(path, &self->db,
	            SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
	                    SQLITE_OPEN_NOFOLLOW,
	            NULL) != SQLITE_OK) {
		error = fail(self, "cannot open it; it must belong to keeper's account");
		store_close(self);
		return error;
	}
	set_limits(self);
	error = run(self, set_up_sql, "cannot set it up; is another keeper running?");
	if (!error)
		error = migrate(self);
	if (!error)
		error = prepare(self);
	if (error)
		store_close(self);
	else
		*out = self;
	return error;
}

void store_close(struct store *self)
{
	if (!self)
		return;
	for (int i = 0; i < N_STATEMENTS; i++)
		sqlite3_finalize(self->statements[i]);
	sqlite3_close(self->db);
	free(self);
}

/* ---- statements ---- */

static sqlite3_stmt *take(struct store *self, enum statement which)
{
	sqlite3_stmt *statement = self->statements[which];

	sqlite3_reset(statement);
	return statement;
}

static void give_back(sqlite3_stmt *statement)
{
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
}

static void bind_u64(sqlite3_stmt *statement, int at, uint64_t value)
{
	sqlite3_bind_int64(statement, at, (sqlite3_int64)value);
}

/* Texts and blobs are borrowed: they outlive the step, and give_back() forgets them. */
static void bind_text(sqlite3_stmt *statement, int at, const char *text)
{
	sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
}

static void bind_blob(sqlite3_stmt *statement, int at, const void *bytes, int length)
{
	sqlite3_bind_blob(statement, at, bytes, length, SQLITE_STATIC);
}

/* Runs a statement that gives no rows. */
static int finish(struct store *self, sqlite3_stmt *statement, const char *what)
{
	int result = sqlite3_step(statement);
	int extended = sqlite3_extended_errcode(self->db);

	if (result == SQLITE_DONE) {
		give_back(statement);
		return 0;
	}
	if (extended == SQLITE_CONSTRAINT_PRIMARYKEY || extended == SQLITE_CONSTRAINT_UNIQUE) {
		give_back(statement);
		return SHOJI_ERR_EXISTS;
	}
	fail(self, what);
	give_back(statement);
	return SHOJI_ERR_SYSTEM;
}

static int finish_update(struct store *self, sqlite3_stmt *statement, const char *what)
{
	int error = finish(self, statement, what);

	if (error)
		return error;
	return sqlite3_changes(self->db) > 0 ? 0 : SHOJI_ERR_NOT_FOUND;
}

static uint64_t column_u64(sqlite3_stmt *statement, int at)
{
	sqlite3_int64 value = sqlite3_column_int64(statement, at);

	return value < 0 ? 0 : (uint64_t)value;
}

/* size includes the NUL; false: too long or NULL. */
static bool column_text(sqlite3_stmt *statement, int at, char *out, size_t size)
{
	const unsigned char *text = sqlite3_column_text(statement, at);
	size_t length = (size_t)sqlite3_column_bytes(statement, at);

	if (!text || length >= size || memchr(text, 0, length))
		return false;
	memcpy(out, text, length);
	out[length] = '\0';
	return true;
}

static bool column_blob(sqlite3_stmt *statement, int at, void *out, size_t length)
{
	const void *bytes = sqlite3_column_blob(statement, at);

	if (!bytes || (size_t)sqlite3_column_bytes(statement, at) != length)
		return false;
	memcpy(out, bytes, length);
	return true;
}

/* ---- transactions ---- */

int store_begin(struct store *self)
{
	if (self->is_begun)
		return 0;
	int error = finish(self, take(self, BEGIN), "cannot begin");
	self->is_begun = !error;
	return error;
}

int store_commit(struct store *self)
{
	if (!self->is_begun)
		return 0;
	int error = finish(self, take(self, COMMIT), "cannot commit");
	if (error)
		store_rollback(self);
	self->is_begun = false;
	return error;
}

void store_rollback(struct store *self)
{
	/* A full disk may have rolled back already. */
	if (self->is_begun && !sqlite3_get_autocommit(self->db))
		finish(self, take(self, ROLLBACK), "cannot roll back");
	self->is_begun = false;
}

/* ---- meta ---- */

static int meta_get(struct store *self, const char *key, void *out, size_t length)
{
	sqlite3_stmt *statement = take(self, META_GET);
	int error = SHOJI_ERR_NOT_FOUND;

	bind_text(statement, 1, key);
	int result = sqlite3_step(statement);
	if (result == SQLITE_ROW)
		error = column_blob(statement, 0, out, length) ? 0 : SHOJI_ERR_MALFORMED;
	else if (result != SQLITE_DONE)
		error = fail(self, "cannot read meta");
	give_back(statement);
	return error;
}

static int meta_set(struct store *self, const char *key, const void *value, size_t length)
{
	sqlite3_stmt *statement = take(self, META_SET);

	bind_text(statement, 1, key);
	bind_blob(statement, 2, value, (int)length);
	return finish(self, statement, "cannot write meta");
}

int store_name_key(struct store *self, uint8_t key[LOCKOUT_KEY_BYTES])
{
	uint8_t made[LOCKOUT_KEY_BYTES];
	int error = meta_get(self, "name_key", key, LOCKOUT_KEY_BYTES);

	if (error != SHOJI_ERR_NOT_FOUND)
		return error;
	randombytes_buf(made, sizeof(made));
	error = meta_set(self, "name_key", made, sizeof(made));
	if (!error)
		memcpy(key, made, sizeof(made));
	sodium_memzero(made, sizeof(made));
	return error;
}

int store_audit_head(struct store *self, struct audit_head *head)
{
	uint8_t number[8];
	struct audit_head value;
	int error = meta_get(self, "audit_number", number, sizeof(number));

	audit_head_init(&value);
	if (error == SHOJI_ERR_NOT_FOUND) {
		*head = value;
		return 0;
	}
	if (!error)
		error = meta_get(self, "audit_hash", value.hash, AUDIT_HASH_TEXT);
	if (error)
		return error;
	for (int i = 7; i >= 0; i--)
		value.number = value.number << 8 | number[i];
	*head = value;
	return 0;
}

int store_set_audit_head(struct store *self, const struct audit_head *head)
{
	uint8_t number[8];

	for (int i = 0; i < 8; i++)
		number[i] = (uint8_t)(head->number >> (8 * i));
	int error = meta_set(self, "audit_number", number, sizeof(number));
	return error ? error : meta_set(self, "audit_hash", head->hash, AUDIT_HASH_TEXT);
}

/* ---- people ---- */

static bool read_person(sqlite3_stmt *statement, struct person *out)
{
	*out = (struct person){.is_locked = sqlite3_column_int(statement, 2) != 0,
	        .created_utc_ms = column_u64(statement, 3)};
	return column_text(statement, 0, out->id, sizeof(out->id)) &&
	       column_text(statement, 1, out->name, sizeof(out->name));
}

int store_find_person(struct store *self, const char *id, struct person *out)
{
	sqlite3_stmt *statement = take(self, PERSON_FIND);
	struct person person;
	int error = SHOJI_ERR_NOT_FOUND;

	bind_text(statement, 1, id);
	int result = sqlite3_step(statement);
	if (result == SQLITE_ROW)
		error = read_person(statement, &person) &&
		                        column_text(statement, 4, person.hash, sizeof(person.hash))
		                ? 0
		                : SHOJI_ERR_MALFORMED;
	else if (result != SQLITE_DONE)
		error = fail(self, "cannot read a person");
	give_back(statement);
	if (!error)
		*out = person;
	return error;
}

int store_count_people(struct store *self, uint64_t *count)
{
	sqlite3_stmt *statement = take(self, PERSON_COUNT);
	int error = 0;

	if (sqlite3_step(statement) == SQLITE_ROW)
		*count = column_u64(statement, 0);
	else
		error = fail(self, "cannot count people");
	give_back(statement);
	return error;
}

int store_add_person(struct store *self, const struct person *person)
{
	sqlite3_stmt *statement;
	uint64_t count = 0;
	int error = store_count_people(self, &count);

	if (error)
		return error;
	if (count >= PEOPLE_MAX)
		return SHOJI_ERR_LIMIT;
	statement = take(self, PERSON_ADD);
	bind_text(statement, 1, person->id);
	bind_text(statement, 2, person->name);
	bind_text(statement, 3, person->hash);
	bind_u64(statement, 4, person->is_locked);
	bind_u64(statement, 5, person->created_utc_ms);
	return finish(self, statement, "cannot add a person");
}

int store_set_password(struct store *self, const char *id, const char *hash)
{
	sqlite3_stmt *statement = take(self, PERSON_PASSWORD);

	bind_text(statement, 1, id);
	bind_text(statement, 2, hash);
	return finish_update(self, statement, "cannot set a password");
}

int store_set_locked(struct store *self, const char *id, bool is_locked)
{
	sqlite3_stmt *statement = take(self, PERSON_LOCK);

	bind_text(statement, 1, id);
	bind_u64(statement, 2, is_locked);
	return finish_update(self, statement, "cannot lock a person");
}

int store_each_person(struct store *self, store_person_fn on_person, void *data)
{
	sqlite3_stmt *statement = take(self, PERSON_EACH);
	struct person person;
	int error = 0;
	int result = SQLITE_DONE;

	while (!error && (result = sqlite3_step(statement)) == SQLITE_ROW)
		error = read_person(statement, &person) ? on_person(data, &person)
		                                        : SHOJI_ERR_MALFORMED;
	if (!error && result != SQLITE_DONE)
		error = fail(self, "cannot list people");
	give_back(statement);
	return error;
}

/* ---- leases ---- */

static uint64_t to_utc(uint64_t at_ms, const struct store_clocks *clocks)
{
	if (at_ms == 0)
		return 0;
	if (at_ms >= clocks->now_ms)
		return clocks->now_utc_ms + (at_ms - clocks->now_ms);
	return clocks->now_utc_ms - (clocks->now_ms - at_ms);
}

/* What lies in the past becomes "now"; 0 stays 0. A clock that was set back must not lengthen anything
 * beyond what the rules allow: the caller bounds it. */
static uint64_t from_utc(uint64_t at_utc_ms, const struct store_clocks *clocks)
{
	if (at_utc_ms == 0)
		return 0;
	if (at_utc_ms <= clocks->now_utc_ms)
		return clocks->now_ms;
	return clocks->now_ms + (at_utc_ms - clocks->now_utc_ms);
}

int store_save_lease(
        struct store *self, const struct lease *lease, const struct store_clocks *clocks)
{
	sqlite3_stmt *statement = take(self, LEASE_SAVE);

	bind_u64(statement, 1, lease->id);
	bind_u64(statement, 2, lease->slot);
	bind_u64(statement, 3, lease->state);
	bind_text(statement, 4, lease->person);
	bind_text(statement, 5, lease->display_name);
	bind_text(statement, 6, lease->address);
	bind_u64(statement, 7, lease->width);
	bind_u64(statement, 8, lease->height);
	bind_blob(statement, 9, lease->cookie, TOKEN_HASH_BYTES);
	bind_blob(statement, 10, lease->tokens.next, TOKEN_HASH_BYTES);
	bind_blob(statement, 11, lease->tokens.last, TOKEN_HASH_BYTES);
	bind_u64(statement, 12, lease->tokens.may_repeat_last);
	bind_u64(statement, 13, lease->was_attached);
	bind_u64(statement, 14, lease->reason);
	bind_u64(statement, 15, lease->started_utc_ms);
	bind_u64(statement, 16, to_utc(lease->deadline_ms, clocks));
	bind_u64(statement, 17, to_utc(lease->idle_end_ms, clocks));
	bind_u64(statement, 18, to_utc(lease->duration_end_ms, clocks));
	return finish(self, statement, "cannot write a lease");
}

int store_delete_lease(struct store *self, uint64_t id)
{
	sqlite3_stmt *statement = take(self, LEASE_DELETE);

	bind_u64(statement, 1, id);
	return finish(self, statement, "cannot delete a lease");
}

static bool read_lease(
        sqlite3_stmt *statement, const struct store_clocks *clocks, struct stored_lease *out)
{
	struct lease *lease = &out->lease;
	uint64_t slot = column_u64(statement, 1);
	uint64_t state = column_u64(statement, 2);
	uint64_t width = column_u64(statement, 6);
	uint64_t height = column_u64(statement, 7);
	uint64_t reason = column_u64(statement, 13);

	memset(out, 0, sizeof(*out));
	lease->id = (uint64_t)sqlite3_column_int64(statement, 0);
	lease->slot = (uint16_t)slot;
	lease->width = (uint16_t)width;
	lease->height = (uint16_t)height;
	out->state = (enum lease_state)state;
	lease->reason = (enum end_reason)reason;
	lease->tokens.may_repeat_last = column_u64(statement, 11) != 0;
	lease->was_attached = column_u64(statement, 12) != 0;
	lease->started_utc_ms = column_u64(statement, 14);
	lease->deadline_ms = from_utc(column_u64(statement, 15), clocks);
	lease->idle_end_ms = from_utc(column_u64(statement, 16), clocks);
	lease->duration_end_ms = from_utc(column_u64(statement, 17), clocks);
	return slot <= UINT16_MAX && state >= LEASE_STARTING && state <= LEASE_STATE_MAX &&
	       width <= UINT16_MAX && height <= UINT16_MAX && reason <= END_REASON_MAX &&
	       lease->id != 0 && column_text(statement, 3, lease->person, sizeof(lease->person)) &&
	       column_text(statement, 4, lease->display_name, sizeof(lease->display_name)) &&
	       column_text(statement, 5, lease->address, sizeof(lease->address)) &&
	       column_blob(statement, 8, lease->cookie, TOKEN_HASH_BYTES) &&
	       column_blob(statement, 9, lease->tokens.next, TOKEN_HASH_BYTES) &&
	       column_blob(statement, 10, lease->tokens.last, TOKEN_HASH_BYTES);
}

int store_each_lease(
        struct store *self, const struct store_clocks *clocks, store_lease_fn on_lease, void *data)
{
	sqlite3_stmt *statement = take(self, LEASE_EACH);
	struct stored_lease lease;
	int error = 0;
	int result = SQLITE_DONE;

	while (!error && (result = sqlite3_step(statement)) == SQLITE_ROW)
		error = read_lease(statement, clocks, &lease) ? on_lease(data, &lease)
		                                              : SHOJI_ERR_MALFORMED;
	if (!error && result != SQLITE_DONE)
		error = fail(self, "cannot list leases");
	give_back(statement);
	return error;
}

/* ---- failed sign-ins ---- */

int store_save_attempts(struct store *self, uint32_t bucket, const struct lockout_entry *entry,
        const struct store_clocks *clocks)
{
	sqlite3_stmt *statement = take(self, entry->failures ? ATTEMPTS_SAVE : ATTEMPTS_DELETE);

	bind_u64(statement, 1, bucket);
	if (entry->failures) {
		bind_u64(statement, 2, entry->failures);
		bind_u64(statement, 3, to_utc(entry->locked_until_ms, clocks));
		bind_u64(statement, 4, to_utc(entry->last_ms, clocks));
	}
	return finish(self, statement, "cannot write a failed sign-in");
}

int store_each_attempts(struct store *self, const struct store_clocks *clocks,
        store_attempts_fn on_entry, void *data)
{
	sqlite3_stmt *statement = take(self, ATTEMPTS_EACH);
	int error = 0;
	int result = SQLITE_DONE;

	while (!error && (result = sqlite3_step(statement)) == SQLITE_ROW) {
		uint64_t bucket = column_u64(statement, 0);
		struct lockout_entry entry = {.failures = (uint32_t)column_u64(statement, 1),
		        .locked_until_ms = from_utc(column_u64(statement, 2), clocks),
		        .last_ms = clocks->now_ms};
		error = bucket <= UINT32_MAX ? on_entry(data, (uint32_t)bucket, &entry)
		                             : SHOJI_ERR_MALFORMED;
	}
	if (!error && result != SQLITE_DONE)
		error = fail(self, "cannot list failed sign-ins");
	give_back(statement);
	return error;
}
