/* Durability for keeper. It stands behind every boundary: what is recorded here was checked by the callers. */
#include "keeper/journal.h"

#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"
#include "keeper/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct record {
	enum record_kind kind;
	json_t *value;
};

struct waiter {
	journal_done_fn on_done;
	void *data;
};

struct journal {
	struct loop *loop;
	struct audit_log *log;
	struct store *store;
	struct timer *timer;
	bool is_timer_set;
	bool is_committing;
	bool is_touched; /* during a commit's answers */
	bool is_broken;
	uint64_t broken_since_utc_ms;
	uint64_t n_lost;
	/* Numbers of lines that were written although the database then refused the commit: 0, or a range. */
	uint64_t undone_first, undone_last;
	journal_save_fn on_save;
	journal_done_fn on_done;
	void *data;
	size_t n_records, n_waiters;
	struct record records[JOURNAL_RECORDS_MAX];
	struct waiter waiters[JOURNAL_WAITERS_MAX];
};

uint64_t clock_utc_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void put_utc(char *out, size_t size, uint64_t utc_ms)
{
	time_t seconds = (time_t)(utc_ms / 1000);
	struct tm parts;

	gmtime_r(&seconds, &parts);
	size_t length = strftime(out, size, "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(out + length, size - length, ".%03uZ", (unsigned)(utc_ms % 1000));
}

static unsigned utc_month(void)
{
	time_t now = time(NULL);
	struct tm parts;

	gmtime_r(&now, &parts);
	return (unsigned)(parts.tm_year + 1900) * 100 + (unsigned)parts.tm_mon + 1;
}

static void on_timer(void *data)
{
	struct journal *self = data;

	self->is_timer_set = false;
	journal_commit(self);
}

struct journal *journal_new(struct loop *loop, struct audit_log *log, struct store *store,
        journal_save_fn on_save, journal_done_fn on_done, void *data)
{
	struct journal *self = calloc(1, sizeof(*self));

	if (!self)
		return NULL;
	self->loop = loop;
	self->log = log;
	self->store = store;
	self->on_save = on_save;
	self->on_done = on_done;
	self->data = data;
	self->timer = timer_new(loop, on_timer, self);
	if (!self->timer) {
		free(self);
		return NULL;
	}
	return self;
}

static void drop_records(struct journal *self, bool only_intents)
{
	size_t n_kept = 0;

	for (size_t i = 0; i < self->n_records; i++) {
		if (only_intents && self->records[i].kind == RECORD_FACT)
			self->records[n_kept++] = self->records[i];
		else
			json_decref(self->records[i].value);
	}
	self->n_records = n_kept;
}

void journal_free(struct journal *self)
{
	if (!self)
		return;
	drop_records(self, false);
	timer_free(self->timer);
	free(self);
}

static void schedule(struct journal *self, uint64_t delay_ms)
{
	if (self->is_timer_set)
		return;
	self->is_timer_set = true;
	timer_set_ms(self->timer, delay_ms);
}

void journal_touch(struct journal *self)
{
	if (self->is_committing)
		self->is_touched = true;
	else
		schedule(self, self->is_broken ? JOURNAL_RETRY_MS : JOURNAL_COMMIT_MS);
}

static int stamp(json_t *record)
{
	char time_text[48];

	put_utc(time_text, sizeof(time_text), clock_utc_ms());
	if (json_object_set_new(record, "time", json_string(time_text)) < 0)
		return SHOJI_ERR_MEMORY;
	/* Order and distance hold even where the wall clock was set. */
	return json_object_set_new(record, "mono_ms", json_integer((json_int_t)clock_now_ms())) < 0
	               ? SHOJI_ERR_MEMORY
	               : 0;
}

bool journal_record(struct journal *self, enum record_kind kind, json_t *record)
{
	if (!record || stamp(record) || self->n_records == JOURNAL_RECORDS_MAX) {
		json_decref(record);
		self->n_lost++;
		journal_touch(self);
		return false;
	}
	self->records[self->n_records++] = (struct record){.kind = kind, .value = record};
	journal_touch(self);
	if (self->n_records >= JOURNAL_BATCH_RECORDS && !self->is_committing && !self->is_broken) {
		self->is_timer_set = true;
		timer_set_ms(self->timer, 0);
	}
	return true;
}

int journal_then(struct journal *self, journal_done_fn on_done, void *data)
{
	if (self->n_waiters == JOURNAL_WAITERS_MAX)
		return SHOJI_ERR_LIMIT;
	self->waiters[self->n_waiters++] = (struct waiter){.on_done = on_done, .data = data};
	journal_touch(self);
	return 0;
}

int journal_begin(struct journal *self)
{
	int error = store_begin(self->store);

	if (!error)
		journal_touch(self);
	return error;
}

bool journal_is_broken(const struct journal *self)
{
	return self->is_broken;
}

size_t journal_pending(const struct journal *self)
{
	return self->n_records;
}

/* ---- the commit ---- */

struct lines {
	char *text;
	size_t length;
	struct audit_head head;
};

static int add_line(struct lines *self, json_t *record)
{
	char *line;
	size_t length;
	int error = audit_chain_make(&self->head, record, &line, &length);

	if (error)
		return error;
	char *text = realloc(self->text, self->length + length);
	if (!text) {
		free(line);
		return SHOJI_ERR_MEMORY;
	}
	memcpy(text + self->length, line, length);
	free(line);
	self->text = text;
	self->length += length;
	return 0;
}

/* Says in the log itself that it could not be written for a while, and what is missing because of it. */
static json_t *gap_record(const struct journal *self)
{
	char since[48] = "";

	if (self->is_broken)
		put_utc(since, sizeof(since), self->broken_since_utc_ms);
	json_t *record = json_pack("{s:s, s:s, s:I, s:I, s:I}", "event", "audit_resumed", "since",
	        since, "lost", (json_int_t)self->n_lost, "undone_first",
	        (json_int_t)self->undone_first, "undone_last", (json_int_t)self->undone_last);
	if (record && stamp(record)) {
		json_decref(record);
		return NULL;
	}
	return record;
}

static int make_lines(struct journal *self, struct lines *lines)
{
	int error = 0;

	lines->head = self->log->head;
	for (size_t i = 0; !error && i < self->n_records; i++) {
		error = add_line(lines, self->records[i].value);
		if (error == SHOJI_ERR_LIMIT) {
			/* No caller makes one so long; if one does, say so rather than stop for ever. */
			log_error(0, "an audit record was longer than %d bytes and is lost",
			        AUDIT_LINE_MAX);
			self->n_lost++;
			error = 0;
		}
	}
	if (!error && (self->is_broken || self->n_lost > 0)) {
		json_t *record = gap_record(self);
		error = record ? add_line(lines, record) : SHOJI_ERR_MEMORY;
		json_decref(record);
	}
	return error;
}

/* The lines are on disk: they must not be written a second time. What they announced is not done. */
static void note_undone(struct journal *self, uint64_t first, uint64_t last)
{
	if (self->undone_first == 0)
		self->undone_first = first;
	self->undone_last = last;
	drop_records(self, false);
}

static int commit_all(struct journal *self)
{
	struct lines lines = {0};
	uint64_t number_before = self->log->head.number;
	int error = store_begin(self->store);

	if (!error)
		error = self->on_save(self->data);
	if (!error)
		error = make_lines(self, &lines);
	if (!error && lines.length > 0)
		error = audit_log_write(
		        self->log, utc_month(), lines.text, lines.length, &lines.head);
	if (!error && lines.length > 0)
		error = store_set_audit_head(self->store, &lines.head);
	if (!error)
		error = store_commit(self->store);
	if (error)
		store_rollback(self->store);
	if (error && self->log->head.number > number_before)
		note_undone(self, number_before + 1, self->log->head.number);
	free(lines.text);
	return error;
}

static void become_broken(struct journal *self, int error)
{
	if (!self->is_broken) {
		log_error(0,
		        "the audit log or the database cannot be written (%s: %m): nobody can sign "
		        "in and "
		        "nothing new is reached until it can; free space in the data folder",
		        shoji_error_text(error));
		self->broken_since_utc_ms = clock_utc_ms();
	}
	self->is_broken = true;
}

static void become_whole(struct journal *self)
{
	if (self->is_broken)
		log_info(0, "the audit log and the database can be written again");
	self->is_broken = false;
	self->n_lost = 0;
	self->undone_first = self->undone_last = 0;
}

static void answer(struct journal *self, int error)
{
	static struct waiter waiters[JOURNAL_WAITERS_MAX];
	size_t n_waiters = self->n_waiters;

	/* An answer may bring the next record and the next waiter: those belong to the next commit. */
	memcpy(waiters, self->waiters, n_waiters * sizeof(waiters[0]));
	self->n_waiters = 0;
	self->on_done(self->data, error);
	for (size_t i = 0; i < n_waiters; i++)
		waiters[i].on_done(waiters[i].data, error);
}

int journal_commit(struct journal *self)
{
	int error;

	if (self->is_committing)
		return SHOJI_ERR_AGAIN;
	self->is_committing = true;
	timer_clear(self->timer);
	self->is_timer_set = false;
	error = commit_all(self);
	if (error) {
		become_broken(self, error);
		drop_records(self, true);
	} else {
		become_whole(self);
		drop_records(self, false);
	}
	answer(self, error);
	self->is_committing = false;
	if (self->is_broken)
		schedule(self, JOURNAL_RETRY_MS);
	else if (self->is_touched)
		schedule(self, JOURNAL_COMMIT_MS);
	self->is_touched = false;
	return error;
}

void journal_abort(struct journal *self)
{
	if (self->is_committing)
		return;
	self->is_committing = true;
	store_rollback(self->store);
	drop_records(self, true);
	answer(self, SHOJI_ERR_MEMORY);
	self->is_committing = false;
	schedule(self, JOURNAL_COMMIT_MS);
}
