/* keeper's side of the hash workers. A worker's answer is believed as to its job number only when that job was
 * given to that worker. */
#include "keeper/hash_pool.h"

#include "base/channel.h"
#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct job {
	bool is_used;
	bool is_make;
	bool was_retried;
	int worker; /* -1: waits */
	uint32_t number;
	uint64_t round; /* addresses take turns: lower rounds first */
	uint64_t not_before_ms, deadline_ms;
	uint8_t name[LOCKOUT_NAME_BYTES];
	char address[47];
	char password[257];
	char stored[129];
	hash_done_fn on_done;
	void *data;
};

struct worker {
	struct hash_pool *pool;
	struct channel *channel; /* NULL: free place */
	struct job *job;
};

struct hash_pool {
	struct loop *loop;
	struct timer *timer;
	uint32_t last_number;
	uint64_t round;
	struct job jobs[HASH_QUEUE_MAX];
	struct worker workers[HASH_WORKERS_MAX];
};

static void dispatch(struct hash_pool *self);

static void on_timer(void *data)
{
	dispatch(data);
}

struct hash_pool *hash_pool_new(struct loop *loop)
{
	struct hash_pool *self = calloc(1, sizeof(*self));

	if (!self)
		return NULL;
	self->loop = loop;
	self->timer = timer_new(loop, on_timer, self);
	if (self->timer)
		return self;
	free(self);
	return NULL;
}

/* The job's place is free before its owner hears: it may ask again at once. */
static void finish(
        struct hash_pool *self, struct job *job, enum hash_outcome outcome, const char *stored)
{
	hash_done_fn on_done = job->on_done;
	void *data = job->data;

	if (job->worker >= 0)
		self->workers[job->worker].job = NULL;
	sodium_memzero(job, sizeof(*job));
	on_done(data, outcome, stored);
}

void hash_pool_free(struct hash_pool *self)
{
	if (!self)
		return;
	for (size_t i = 0; i < HASH_QUEUE_MAX; i++)
		if (self->jobs[i].is_used)
			finish(self, &self->jobs[i], HASH_UNAVAILABLE, "");
	for (size_t i = 0; i < HASH_WORKERS_MAX; i++)
		channel_free(self->workers[i].channel);
	timer_free(self->timer);
	sodium_memzero(self, sizeof(*self));
	free(self);
}

/* ---- choosing ---- */

static bool is_person_busy(const struct hash_pool *self, const struct job *job)
{
	for (size_t i = 0; i < HASH_QUEUE_MAX; i++) {
		const struct job *other = &self->jobs[i];
		if (other->is_used && other != job && other->worker >= 0 &&
		        memcmp(other->name, job->name, LOCKOUT_NAME_BYTES) == 0)
			return true;
	}
	return false;
}

static struct job *choose(struct hash_pool *self, uint64_t now_ms)
{
	struct job *best = NULL;

	for (size_t i = 0; i < HASH_QUEUE_MAX; i++) {
		struct job *job = &self->jobs[i];
		if (!job->is_used || job->worker >= 0 || job->not_before_ms > now_ms ||
		        is_person_busy(self, job))
			continue;
		if (!best || job->round < best->round ||
		        (job->round == best->round && job->number < best->number))
			best = job;
	}
	return best;
}

static int idle_worker(const struct hash_pool *self)
{
	for (int i = 0; i < HASH_WORKERS_MAX; i++)
		if (self->workers[i].channel && !self->workers[i].job)
			return i;
	return -1;
}

static int hand_over(struct worker *worker, struct job *job)
{
	int error;

	if (job->is_make) {
		struct message_hash_make message = {.job = job->number};
		memcpy(message.password, job->password, sizeof(message.password));
		error = CHANNEL_SEND_VALUE(worker->channel, hash_make, &message);
		sodium_memzero(&message, sizeof(message));
	} else {
		struct message_hash_verify message = {.job = job->number};
		memcpy(message.password, job->password, sizeof(message.password));
		memcpy(message.stored, job->stored, sizeof(message.stored));
		error = CHANNEL_SEND_VALUE(worker->channel, hash_verify, &message);
		sodium_memzero(&message, sizeof(message));
	}
	channel_forget(worker->channel);
	return error;
}

static void lose_worker(struct hash_pool *self, struct worker *worker)
{
	struct job *job = worker->job;

	channel_free(worker->channel);
	worker->channel = NULL;
	worker->job = NULL;
	if (!job)
		return;
	job->worker = -1;
	/* Once more with another worker: a worker may have been killed for reasons of its own. */
	if (job->was_retried)
		finish(self, job, HASH_UNAVAILABLE, "");
	else
		job->was_retried = true;
}

static void expire(struct hash_pool *self, uint64_t now_ms)
{
	for (size_t i = 0; i < HASH_QUEUE_MAX; i++) {
		struct job *job = &self->jobs[i];
		if (!job->is_used || job->deadline_ms > now_ms)
			continue;
		if (job->worker >= 0) {
			/* monitor starts another in place of one whose channel was closed. */
			log_error(0, "a hash worker does not answer; it is let go");
			struct worker *worker = &self->workers[job->worker];
			job->was_retried = true;
			lose_worker(self, worker);
			continue;
		}
		finish(self, job, HASH_UNAVAILABLE, "");
	}
}

static void set_timer(struct hash_pool *self, uint64_t now_ms)
{
	uint64_t next_ms = UINT64_MAX;

	for (size_t i = 0; i < HASH_QUEUE_MAX; i++) {
		const struct job *job = &self->jobs[i];
		if (!job->is_used)
			continue;
		if (job->worker < 0 && job->not_before_ms > now_ms && job->not_before_ms < next_ms)
			next_ms = job->not_before_ms;
		if (job->deadline_ms < next_ms)
			next_ms = job->deadline_ms;
	}
	if (next_ms == UINT64_MAX)
		timer_clear(self->timer);
	else
		timer_set_ms(self->timer, next_ms > now_ms ? next_ms - now_ms : 1);
}

static void dispatch(struct hash_pool *self)
{
	uint64_t now_ms = clock_now_ms();
	struct job *job;
	int at;

	expire(self, now_ms);
	while ((at = idle_worker(self)) >= 0 && (job = choose(self, now_ms))) {
		self->workers[at].job = job;
		job->worker = at;
		job->deadline_ms = now_ms + HASH_WORK_MS;
		self->round = job->round;
		if (hand_over(&self->workers[at], job))
			lose_worker(self, &self->workers[at]);
	}
	set_timer(self, now_ms);
}

/* ---- workers ---- */

static void on_result(void *data, struct channel *channel, struct message *in)
{
	struct worker *worker = data;
	struct hash_pool *self = worker->pool;
	struct message_hash_result result;

	(void)channel;
	if (message_get_hash_result(in, &result) || !worker->job ||
	        result.job != worker->job->number) {
		log_warning(0, "a hash worker answered what was not asked; it is let go");
		lose_worker(self, worker);
		dispatch(self);
		return;
	}
	if (!worker->job->is_make)
		finish(self, worker->job, result.is_match ? HASH_MATCH : HASH_NO_MATCH,
		        result.is_match ? result.stored : "");
	else if (result.is_match && result.stored[0])
		finish(self, worker->job, HASH_MADE, result.stored);
	else
		finish(self, worker->job, HASH_UNAVAILABLE, "");
	dispatch(self);
}

static void on_worker_close(void *data, struct channel *channel, int error)
{
	struct worker *worker = data;

	(void)channel;
	log_warning(0, "a hash worker is gone: %s", shoji_error_text(error));
	lose_worker(worker->pool, worker);
	dispatch(worker->pool);
}

void hash_pool_add_worker(struct hash_pool *self, int fd)
{
	for (int i = 0; i < HASH_WORKERS_MAX; i++) {
		struct worker *worker = &self->workers[i];
		if (worker->channel)
			continue;
		worker->pool = self;
		worker->channel = channel_new(fd, LINK_KEEPER_HASH, SIDE_A);
		if (!worker->channel)
			return;
		channel_set_phase(worker->channel, PHASE_READY);
		if (channel_watch(worker->channel, self->loop, on_result, on_worker_close, worker))
			lose_worker(self, worker);
		dispatch(self);
		return;
	}
	log_warning(0, "more than %d hash workers: the newest is not used", HASH_WORKERS_MAX);
	channel_free(channel_new(fd, LINK_KEEPER_HASH, SIDE_A));
}

size_t hash_pool_workers(const struct hash_pool *self)
{
	size_t count = 0;

	for (size_t i = 0; i < HASH_WORKERS_MAX; i++)
		count += self->workers[i].channel != NULL;
	return count;
}

size_t hash_pool_waiting(const struct hash_pool *self)
{
	size_t count = 0;

	for (size_t i = 0; i < HASH_QUEUE_MAX; i++)
		count += self->jobs[i].is_used && self->jobs[i].worker < 0;
	return count;
}

/* ---- asking ---- */

struct share {
	size_t n_jobs;
	uint64_t last_round;
};

static struct share share_of(const struct hash_pool *self, const char *address)
{
	struct share share = {0};

	for (size_t i = 0; i < HASH_QUEUE_MAX; i++) {
		const struct job *job = &self->jobs[i];
		if (!job->is_used || strcmp(job->address, address) != 0)
			continue;
		share.n_jobs++;
		if (job->round > share.last_round)
			share.last_round = job->round;
	}
	return share;
}

/* The job that waits last of the address that has most; NULL: nobody has more than n_jobs_max. */
static struct job *find_surplus(struct hash_pool *self, size_t n_jobs_max)
{
	struct job *found = NULL;
	size_t n_found = n_jobs_max;

	for (size_t i = 0; i < HASH_QUEUE_MAX; i++) {
		struct job *job = &self->jobs[i];
		if (!job->is_used || job->worker >= 0)
			continue;
		size_t n_jobs = share_of(self, job->address).n_jobs;
		if (n_jobs > n_found ||
		        (found && n_jobs == n_found && job->number > found->number)) {
			found = job;
			n_found = n_jobs;
		}
	}
	return found;
}

/* The place for a job, and the round in which its address is due; NULL: none. In a full queue whoever has two jobs
 * more makes room: a few addresses cannot keep all others out. */
static struct job *find_place(struct hash_pool *self, const char *address, uint64_t *round)
{
	struct share share = share_of(self, address);

	*round = share.n_jobs > 0 && share.last_round >= self->round ? share.last_round + 1
	                                                             : self->round;
	if (share.n_jobs >= HASH_QUEUE_PER_ADDRESS_MAX)
		return NULL;
	for (size_t i = 0; i < HASH_QUEUE_MAX; i++)
		if (!self->jobs[i].is_used)
			return &self->jobs[i];
	struct job *surplus = find_surplus(self, share.n_jobs + 1);
	if (surplus)
		finish(self, surplus, HASH_UNAVAILABLE, "");
	return surplus && !surplus->is_used ? surplus : NULL;
}

int hash_pool_ask(struct hash_pool *self, const struct hash_request *request)
{
	uint64_t round;
	struct job *job = find_place(self, request->address, &round);

	if (!job)
		return SHOJI_ERR_LIMIT;
	*job = (struct job){.is_used = true,
	        .is_make = request->is_make,
	        .worker = -1,
	        .number = ++self->last_number,
	        .round = round,
	        .not_before_ms = request->not_before_ms,
	        .deadline_ms = clock_now_ms() + HASH_DEADLINE_MS,
	        .on_done = request->on_done,
	        .data = request->data};
	memcpy(job->name, request->name, LOCKOUT_NAME_BYTES);
	snprintf(job->address, sizeof(job->address), "%s", request->address);
	snprintf(job->password, sizeof(job->password), "%s", request->password);
	snprintf(job->stored, sizeof(job->stored), "%s", request->stored ? request->stored : "");
	dispatch(self);
	return 0;
}
