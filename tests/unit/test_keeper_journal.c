/* Group commit: together or not at all; facts are kept, intents are dropped, what was rolled back stays so. */
#include "base/error.h"
#include "base/loop.h"
#include "keeper/journal.h"
#include "keeper/store.h"
#include "suite.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char folder[64];
static struct loop *loop;
static struct store *store;
static struct audit_log log_files;
static struct journal *journal;
static int n_commits, n_failures, last_error, answers[8], n_answers, save_error;

static int on_save(void *data)
{
	(void)data;
	return save_error;
}

static void on_commit(void *data, int error)
{
	(void)data;
	n_commits++;
	n_failures += error != 0;
	last_error = error;
}

static void on_answer(void *data, int error)
{
	(void)data;
	answers[n_answers++] = error;
}

static void begin(void)
{
	char path[96];
	struct audit_head known;
	struct audit_found found;

	strcpy(folder, "/tmp/shoji-journal-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/keeper.sqlite", folder);
	loop = loop_new();
	ck_assert_int_eq(store_open(&store, path), 0);
	ck_assert_int_eq(store_audit_head(store, &known), 0);
	snprintf(path, sizeof(path), "%s/audit", folder);
	ck_assert_int_eq(audit_log_open(&log_files, path, &known, &found), 0);
	journal = journal_new(loop, &log_files, store, on_save, on_commit, NULL);
	ck_assert_ptr_nonnull(journal);
}

static void end(void)
{
	char command[128];

	journal_free(journal);
	store_close(store);
	audit_log_close(&log_files);
	loop_free(loop);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

static json_t *event(const char *name)
{
	return json_pack("{s:s}", "event", name);
}

static size_t count(const char *name)
{
	char command[256];
	size_t n = 0;

	snprintf(command, sizeof(command), "cat %s/audit/*.jsonl | grep -c '\"event\":\"%s\"'",
	        folder, name);
	FILE *pipe = popen(command, "r");
	ck_assert_int_eq(fscanf(pipe, "%zu", &n), 1);
	pclose(pipe);
	return n;
}

static bool has_person(const char *id)
{
	struct person person;

	return store_find_person(store, id, &person) == 0;
}

static void add_person(const char *id)
{
	struct person person = {.name = "x", .hash = "y"};

	snprintf(person.id, sizeof(person.id), "%s", id);
	ck_assert_int_eq(journal_begin(journal), 0);
	ck_assert_int_eq(store_add_person(store, &person), 0);
	ck_assert(journal_record(journal, RECORD_INTENT, event("person_added")));
	ck_assert_int_eq(journal_then(journal, on_answer, NULL), 0);
}

START_TEST(one_commit_for_all_within_its_time)
{
	begin();
	add_person("a");
	add_person("b");
	ck_assert(journal_record(journal, RECORD_FACT, event("fact")));
	ck_assert_int_eq(n_answers, 0);
	uint64_t from_ms = clock_now_ms();
	while (n_answers == 0)
		loop_turn(loop, 1000);
	ck_assert_uint_lt(clock_now_ms() - from_ms, 500);
	ck_assert_int_eq(n_answers, 2);
	ck_assert_int_eq(n_commits, 1);
	ck_assert_uint_eq(count("person_added"), 2);
	ck_assert_uint_eq(count("fact"), 1);
	end();
}
END_TEST

START_TEST(a_failed_commit_undoes_everything_and_keeps_facts)
{
	begin();
	ck_assert(journal_record(journal, RECORD_FACT, event("first")));
	ck_assert_int_eq(journal_commit(journal), 0);
	/* A descriptor that cannot be written stands for a full disk. */
	int good = log_files.fd;
	log_files.fd = open("/dev/null", O_RDONLY);
	add_person("a");
	ck_assert(journal_record(journal, RECORD_FACT, event("fact")));
	ck_assert(has_person("a")); /* within the transaction */
	ck_assert_int_ne(journal_commit(journal), 0);
	ck_assert(journal_is_broken(journal));
	ck_assert_int_eq(n_answers, 1);
	ck_assert_int_ne(answers[0], 0);
	ck_assert(!has_person("a"));
	ck_assert_uint_eq(journal_pending(journal), 1);
	close(log_files.fd);
	log_files.fd = good;
	/* It tries again by itself. */
	while (journal_is_broken(journal))
		loop_turn(loop, 2000);
	ck_assert(!has_person("a"));
	ck_assert_uint_eq(count("fact"), 1);
	ck_assert_uint_eq(count("person_added"), 0);
	ck_assert_uint_eq(count("audit_resumed"), 1);
	add_person("a");
	ck_assert_int_eq(journal_commit(journal), 0);
	ck_assert(has_person("a"));
	end();
}
END_TEST

START_TEST(a_save_that_fails_writes_no_line)
{
	begin();
	save_error = SHOJI_ERR_SYSTEM;
	ck_assert(journal_record(journal, RECORD_FACT, event("fact")));
	ck_assert_int_ne(journal_commit(journal), 0);
	ck_assert_uint_eq(log_files.head.number, 0);
	save_error = 0;
	ck_assert_int_eq(journal_commit(journal), 0);
	ck_assert_uint_eq(count("fact"), 1);
	end();
}
END_TEST

START_TEST(too_many_records_are_counted)
{
	begin();
	for (int i = 0; i < JOURNAL_RECORDS_MAX; i++)
		ck_assert(journal_record(journal, RECORD_FACT, event("fact")));
	ck_assert(!journal_record(journal, RECORD_FACT, event("fact")));
	ck_assert(!journal_record(journal, RECORD_FACT, NULL));
	ck_assert_int_eq(journal_commit(journal), 0);
	ck_assert_uint_eq(count("fact"), JOURNAL_RECORDS_MAX);
	ck_assert_uint_eq(count("audit_resumed"), 1);
	end();
}
END_TEST

START_TEST(an_abort_undoes)
{
	begin();
	add_person("a");
	ck_assert(journal_record(journal, RECORD_FACT, event("fact")));
	journal_abort(journal);
	ck_assert_int_eq(n_answers, 1);
	ck_assert_int_ne(answers[0], 0);
	ck_assert(!has_person("a"));
	ck_assert_int_eq(journal_commit(journal), 0);
	ck_assert_uint_eq(count("fact"), 1);
	ck_assert_uint_eq(count("person_added"), 0);
	end();
}
END_TEST

int main(void)
{
	if (sodium_init() < 0)
		return EXIT_FAILURE;
	return SUITE_RUN("keeper-journal", one_commit_for_all_within_its_time,
	        a_failed_commit_undoes_everything_and_keeps_facts, a_save_that_fails_writes_no_line,
	        too_many_records_are_counted, an_abort_undoes);
}
