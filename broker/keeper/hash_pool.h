/* Password hashing in workers, behind a bounded and fair queue: addresses take turns, so that one that tries
 * passwords by the hundred delays the others by one job each; a person's attempts are checked one at a time and
 * not before `not_before_ms`. Passwords are wiped as soon as they have been handed on. */
#ifndef SHOJI_KEEPER_HASH_POOL_H
#define SHOJI_KEEPER_HASH_POOL_H

#include "keeper/lockout.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct hash_pool;

#define HASH_QUEUE_MAX 64
#define HASH_QUEUE_PER_ADDRESS_MAX 8
#define HASH_WORKERS_MAX 16
/* A job that no worker has taken up for so long is answered with HASH_UNAVAILABLE. */
#define HASH_DEADLINE_MS 10000
/* A worker that takes longer is let go: the largest permitted parameters (1 GiB, 16 passes) need about 20 s. */
#define HASH_WORK_MS 60000

enum hash_outcome { HASH_MATCH, HASH_NO_MATCH, HASH_MADE, HASH_UNAVAILABLE };

/* stored: the new hash for HASH_MADE; for HASH_MATCH one to store in place of the old, or ""; else "". The callee frees what data points to. Called once a job. */
typedef void (*hash_done_fn)(void *data, enum hash_outcome outcome, const char *stored);

struct hash_request {
	bool is_make;
	const char *password;             /* copied */
	const char *stored;               /* copied; "": nobody */
	const char *address;              /* copied: whose turn it takes */
	uint8_t name[LOCKOUT_NAME_BYTES]; /* whose attempts are checked one at a time */
	uint64_t not_before_ms;
	hash_done_fn on_done;
	void *data;
};

struct hash_pool *hash_pool_new(struct loop *loop);
/* Answers what waits with HASH_UNAVAILABLE. */
void hash_pool_free(struct hash_pool *self);

/* Takes fd: a channel to a new worker. */
void hash_pool_add_worker(struct hash_pool *self, int fd);
size_t hash_pool_workers(const struct hash_pool *self);
size_t hash_pool_waiting(const struct hash_pool *self);

/* 0, or SHOJI_ERR_LIMIT (queue full): on_done will then not be called. */
int hash_pool_ask(struct hash_pool *self, const struct hash_request *request);

#endif
