/* The database's file: opened, its schema brought up to date, its transactions. What it stores has been checked by its
 * callers; what it reads back it checks against the same limits, because a disk is not believed either.
 * Only the store_*.c know SQL: the rows are in store_people.c, store_leases.c, store_attempts.c and store_meta.c. */
#include "keeper/store_internal.h"

#include "base/error.h"
#include "base/log.h"

#include <stdlib.h>

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
		return store_fail(self, "cannot read its version");
	if (sqlite3_step(statement) == SQLITE_ROW)
		version = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	return version;
}

static int run(struct store *self, const char *sql, const char *what)
{
	return sqlite3_exec(self->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0
	                                                                  : store_fail(self, what);
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
		error = store_fail(self, "cannot open it; it must belong to keeper's account");
		store_close(self);
		return error;
	}
	set_limits(self);
	error = run(self, set_up_sql, "cannot set it up; is another keeper running?");
	if (!error)
		error = migrate(self);
	if (!error)
		error = statements_prepare(self);
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
	statements_finish(self);
	sqlite3_close(self->db);
	free(self);
}

/* ---- transactions ---- */

int store_begin(struct store *self)
{
	if (self->is_begun)
		return 0;
	int error = statement_finish(self, statement_take(self, BEGIN), "cannot begin");
	self->is_begun = !error;
	return error;
}

int store_commit(struct store *self)
{
	if (!self->is_begun)
		return 0;
	int error = statement_finish(self, statement_take(self, COMMIT), "cannot commit");
	if (error)
		store_rollback(self);
	self->is_begun = false;
	return error;
}

void store_rollback(struct store *self)
{
	/* A full disk may have rolled back already. */
	if (self->is_begun && !sqlite3_get_autocommit(self->db))
		statement_finish(self, statement_take(self, ROLLBACK), "cannot roll back");
	self->is_begun = false;
}
