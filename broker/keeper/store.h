/* keeper's database: people, leases, failed sign-ins, and how far the audit log was written. SQLite, one
 * file, held exclusively, WAL, synchronous FULL.
 *
 * Writes happen inside store_begin() .. store_commit(): journal.h groups them. Times in rows are
 * milliseconds since 1970 (UTC). Every function returns 0 or a negative code; SHOJI_ERR_SYSTEM is logged. */
#ifndef SHOJI_KEEPER_STORE_H
#define SHOJI_KEEPER_STORE_H

#include "keeper/audit_chain.h"
#include "keeper/lease.h"
#include "keeper/lockout.h"
#include "keeper/text.h"

#include <stdbool.h>
#include <stddef.h>

#define PEOPLE_MAX 5000

struct store;

struct person {
	char id[PERSON_ID_MAX + 1];
	char name[DISPLAY_NAME_MAX + 1];
	char hash[129];
	bool is_locked; /* by an administrator */
	uint64_t created_utc_ms;
};

/* Opens or makes the file and brings its schema up to date. On an error one line for a person is logged. */
int store_open(struct store **self, const char *path);
void store_close(struct store *self);
/* The version that this program writes, and the one of an open database. */
int store_schema_version(void);
int store_version(struct store *self);

/* begin may be called again inside a transaction: it then does nothing. */
int store_begin(struct store *self);
int store_commit(struct store *self);
void store_rollback(struct store *self);

/* The secret that names of failed sign-ins are hashed with; made on first use. */
int store_name_key(struct store *self, uint8_t key[LOCKOUT_KEY_BYTES]);
/* {0, zeros} in a new database. */
int store_audit_head(struct store *self, struct audit_head *head);
int store_set_audit_head(struct store *self, const struct audit_head *head);

/* SHOJI_ERR_NOT_FOUND */
int store_find_person(struct store *self, const char *id, struct person *out);
/* SHOJI_ERR_EXISTS, SHOJI_ERR_LIMIT (PEOPLE_MAX) */
int store_add_person(struct store *self, const struct person *person);
/* SHOJI_ERR_NOT_FOUND */
int store_set_password(struct store *self, const char *id, const char *hash);
int store_set_locked(struct store *self, const char *id, bool is_locked);
int store_count_people(struct store *self, uint64_t *count);
/* In the order of ids; on_person must not call the store. The hash is not given out. */
typedef int (*store_person_fn)(void *data, const struct person *person);
int store_each_person(struct store *self, store_person_fn on_person, void *data);

/* A lease's row; the monotonic times are converted with both clocks as they are now. */
struct store_clocks {
	uint64_t now_ms; /* monotonic */
	uint64_t now_utc_ms;
};
int store_save_lease(
        struct store *self, const struct lease *lease, const struct store_clocks *clocks);
int store_delete_lease(struct store *self, uint64_t id);
/* state as it was written: the caller decides what a restart makes of it. */
struct stored_lease {
	struct lease lease; /* without state, rules */
	enum lease_state state;
};
typedef int (*store_lease_fn)(void *data, const struct stored_lease *lease);
int store_each_lease(
        struct store *self, const struct store_clocks *clocks, store_lease_fn on_lease, void *data);

/* An entry with no failures deletes its row. */
int store_save_attempts(struct store *self, uint32_t bucket, const struct lockout_entry *entry,
        const struct store_clocks *clocks);
typedef int (*store_attempts_fn)(void *data, uint32_t bucket, const struct lockout_entry *entry);
int store_each_attempts(struct store *self, const struct store_clocks *clocks,
        store_attempts_fn on_entry, void *data);

#endif
