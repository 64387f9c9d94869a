/* The store's SQL, prepared once, and how a statement is bound, run and read. Reading is where the disk's bytes come in:
 * lengths and signs are checked here. */
#include "keeper/store_internal.h"

#include "base/error.h"
#include "base/log.h"

#include <string.h>

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

int store_fail(struct store *self, const char *what)
{
	log_error(0, "the database: %s: %s", what, sqlite3_errmsg(self->db));
	return SHOJI_ERR_SYSTEM;
}

int statements_prepare(struct store *self)
{
	for (int i = 0; i < N_STATEMENTS; i++)
		if (sqlite3_prepare_v3(self->db, statement_sql[i], -1, SQLITE_PREPARE_PERSISTENT,
		            &self->statements[i], NULL) != SQLITE_OK)
			return store_fail(self, "cannot prepare a statement");
	return 0;
}

void statements_finish(struct store *self)
{
	for (int i = 0; i < N_STATEMENTS; i++)
		sqlite3_finalize(self->statements[i]);
}

sqlite3_stmt *statement_take(struct store *self, enum statement which)
{
	sqlite3_stmt *statement = self->statements[which];

	sqlite3_reset(statement);
	return statement;
}

void statement_give_back(sqlite3_stmt *statement)
{
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
}

void statement_bind_u64(sqlite3_stmt *statement, int at, uint64_t value)
{
	sqlite3_bind_int64(statement, at, (sqlite3_int64)value);
}

void statement_bind_text(sqlite3_stmt *statement, int at, const char *text)
{
	sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
}

void statement_bind_blob(sqlite3_stmt *statement, int at, const void *bytes, int length)
{
	sqlite3_bind_blob(statement, at, bytes, length, SQLITE_STATIC);
}

int statement_finish(struct store *self, sqlite3_stmt *statement, const char *what)
{
	int result = sqlite3_step(statement);
	int extended = sqlite3_extended_errcode(self->db);

	if (result == SQLITE_DONE) {
		statement_give_back(statement);
		return 0;
	}
	if (extended == SQLITE_CONSTRAINT_PRIMARYKEY || extended == SQLITE_CONSTRAINT_UNIQUE) {
		statement_give_back(statement);
		return SHOJI_ERR_EXISTS;
	}
	store_fail(self, what);
	statement_give_back(statement);
	return SHOJI_ERR_SYSTEM;
}

int statement_finish_update(struct store *self, sqlite3_stmt *statement, const char *what)
{
	int error = statement_finish(self, statement, what);

	if (error)
		return error;
	return sqlite3_changes(self->db) > 0 ? 0 : SHOJI_ERR_NOT_FOUND;
}

uint64_t statement_u64(sqlite3_stmt *statement, int at)
{
	sqlite3_int64 value = sqlite3_column_int64(statement, at);

	return value < 0 ? 0 : (uint64_t)value;
}

bool statement_text(sqlite3_stmt *statement, int at, char *out, size_t size)
{
	const unsigned char *text = sqlite3_column_text(statement, at);
	size_t length = (size_t)sqlite3_column_bytes(statement, at);

	if (!text || length >= size || memchr(text, 0, length))
		return false;
	memcpy(out, text, length);
	out[length] = '\0';
	return true;
}

bool statement_blob(sqlite3_stmt *statement, int at, void *out, size_t length)
{
	const void *bytes = sqlite3_column_blob(statement, at);

	if (!bytes || (size_t)sqlite3_column_bytes(statement, at) != length)
		return false;
	memcpy(out, bytes, length);
	return true;
}

void statement_bind_moment(
        sqlite3_stmt *statement, int at, uint64_t at_ms, const struct store_clocks *clocks)
{
	uint64_t at_utc_ms = 0;

	if (at_ms != 0 && at_ms >= clocks->now_ms)
		at_utc_ms = clocks->now_utc_ms + (at_ms - clocks->now_ms);
	else if (at_ms != 0)
		at_utc_ms = clocks->now_utc_ms - (clocks->now_ms - at_ms);
	statement_bind_u64(statement, at, at_utc_ms);
}

uint64_t statement_moment(sqlite3_stmt *statement, int at, const struct store_clocks *clocks)
{
	uint64_t at_utc_ms = statement_u64(statement, at);

	if (at_utc_ms == 0)
		return 0;
	if (at_utc_ms <= clocks->now_utc_ms)
		return clocks->now_ms;
	return clocks->now_ms + (at_utc_ms - clocks->now_utc_ms);
}

int statement_finish_rows(
        struct store *self, sqlite3_stmt *statement, int error, int result, const char *what)
{
	if (!error && result != SQLITE_DONE)
		error = store_fail(self, what);
	statement_give_back(statement);
	return error;
}
