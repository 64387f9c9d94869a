/* The store's statements and how they are run, for the files that share its work: store.c (the file, transactions),
 * store_statements.c (the statements), store_people.c, store_leases.c, store_attempts.c, store_meta.c (rows).
 * Nobody else includes this. */
#ifndef SHOJI_KEEPER_STORE_INTERNAL_H
#define SHOJI_KEEPER_STORE_INTERNAL_H

#include "keeper/store.h"

#include <sqlite3.h>

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

struct store {
	sqlite3 *db;
	sqlite3_stmt *statements[N_STATEMENTS];
	bool is_begun;
};

/* Logs what SQLite says of the last call; SHOJI_ERR_SYSTEM. */
int store_fail(struct store *self, const char *what);

int statements_prepare(struct store *self);
void statements_finish(struct store *self);

/* Ready to be bound; whoever takes it gives it back. */
sqlite3_stmt *statement_take(struct store *self, enum statement which);
void statement_give_back(sqlite3_stmt *statement);

/* at counts from 1. Texts and blobs are borrowed: they outlive the step, and statement_give_back() forgets them. */
void statement_bind_u64(sqlite3_stmt *statement, int at, uint64_t value);
void statement_bind_text(sqlite3_stmt *statement, int at, const char *text);
void statement_bind_blob(sqlite3_stmt *statement, int at, const void *bytes, int length);
/* A monotonic time, stored as UTC; 0 stays 0. */
void statement_bind_moment(
        sqlite3_stmt *statement, int at, uint64_t at_ms, const struct store_clocks *clocks);

/* at counts from 0. A negative number is read as 0. */
uint64_t statement_u64(sqlite3_stmt *statement, int at);
/* What lies in the past becomes "now"; 0 stays 0. A clock that was set back must not lengthen anything
 * beyond what the rules allow: the caller bounds it. */
uint64_t statement_moment(sqlite3_stmt *statement, int at, const struct store_clocks *clocks);
/* size includes the NUL; false: too long or NULL. */
bool statement_text(sqlite3_stmt *statement, int at, char *out, size_t size);
/* false: not of this length. */
bool statement_blob(sqlite3_stmt *statement, int at, void *out, size_t length);

/* Runs a statement that gives no rows, and gives it back. SHOJI_ERR_EXISTS: a key is there already. */
int statement_finish(struct store *self, sqlite3_stmt *statement, const char *what);
/* The same for one that has to change a row: else SHOJI_ERR_NOT_FOUND. */
int statement_finish_update(struct store *self, sqlite3_stmt *statement, const char *what);
/* Ends a walk over rows: error is what the caller's loop ended with, result the last step's. Gives the statement back. */
int statement_finish_rows(
        struct store *self, sqlite3_stmt *statement, int error, int result, const char *what);

#endif
