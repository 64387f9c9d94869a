/* Group commit: audit records and rows that belong together become durable together, every JOURNAL_COMMIT_MS at
 * most, and whoever waits for that is answered after it.
 *
 * The order is: audit lines written and synced, then the database committed, then the answers. So nothing is ever
 * answered or stored that the audit log does not know. When either fails, nobody is answered "done": the
 * journal is broken (journal_is_broken) until a retry succeeds, once a second. Records of what has already
 * happened (RECORD_FACT) are kept for the retry, up to JOURNAL_RECORDS_MAX; above it they are counted and
 * that number is recorded.
 *
 * A commit writes at most a batch: it blocks for one fdatasync of each file and nothing else does. */
#ifndef SHOJI_KEEPER_JOURNAL_H
#define SHOJI_KEEPER_JOURNAL_H

#include "keeper/audit_log.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct loop;
struct store;
struct journal;

#define JOURNAL_COMMIT_MS 20
#define JOURNAL_RETRY_MS 1000
#define JOURNAL_RECORDS_MAX 4096
#define JOURNAL_WAITERS_MAX 4096
/* A batch so large is committed without waiting for the timer. */
#define JOURNAL_BATCH_RECORDS 512

enum record_kind {
	RECORD_FACT,   /* has happened: kept until it can be written */
	RECORD_INTENT, /* happens by being written: dropped with a commit that fails */
};

/* Called within a commit, inside the database's transaction: write what is dirty. Returns 0 or a negative code. */
typedef int (*journal_save_fn)(void *data);
/* Called after each commit: it succeeded, or everything since the last one was rolled back. */
typedef void (*journal_done_fn)(void *data, int error);

/* log and store are borrowed. NULL: no memory. */
struct journal *journal_new(struct loop *loop, struct audit_log *log, struct store *store,
        journal_save_fn on_save, journal_done_fn on_done, void *data);
void journal_free(struct journal *self);

/* Takes record (a JSON object with "event"; NULL counts as out of memory) and stamps it with the time.
 * False: it could not be kept; the log will say that one is missing. */
bool journal_record(struct journal *self, enum record_kind kind, json_t *record);
/* `on_done(data, error)` after the commit that holds everything said so far. SHOJI_ERR_LIMIT or SHOJI_ERR_MEMORY:
 * it will not be called. */
int journal_then(struct journal *self, journal_done_fn on_done, void *data);
/* Something is dirty: commit soon. */
void journal_touch(struct journal *self);
/* Opens the transaction for a write that is made at once, not in on_save. */
int journal_begin(struct journal *self);

/* Rolls back what was written since the last commit without its record: everybody who waits is told that it
 * failed. For lack of memory only. */
void journal_abort(struct journal *self);

/* Commits now; for start and stop. Returns 0 or a negative code. */
int journal_commit(struct journal *self);

bool journal_is_broken(const struct journal *self);
size_t journal_pending(const struct journal *self);

uint64_t clock_utc_ms(void);

#endif
