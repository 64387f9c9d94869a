/* The audit log: any change to it is found, and what a crash left is kept and told. */
#include "base/error.h"
#include "keeper/audit_chain.h"
#include "keeper/audit_log.h"
#include "keeper/audit_verify.h"
#include "suite.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];
static struct audit_head now; /* what keeper believes to have written */

static void begin(void)
{
	strcpy(folder, "/tmp/shoji-audit-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	audit_head_init(&now);
}

static void end(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

static void put(struct audit_log *log, unsigned month, const char *host)
{
	struct audit_head head = log->head;
	json_t *record =
	        json_pack("{s:s, s:s, s:i}", "event", "destination", "host", host, "port", 443);
	char *line;
	size_t length;

	ck_assert_int_eq(audit_chain_make(&head, record, &line, &length), 0);
	ck_assert_int_eq(audit_log_write(log, month, line, length, &head), 0);
	json_decref(record);
	free(line);
	now = log->head;
}

static struct audit_found open_log(struct audit_log *log)
{
	struct audit_found found;

	ck_assert_int_eq(audit_log_open(log, folder, &now, &found), 0);
	return found;
}

static struct audit_verdict verify(void)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY);
	struct audit_verify *self = audit_verify_new(fd);
	struct audit_verdict verdict;

	ck_assert_ptr_nonnull(self);
	while (!audit_verify_step(self, &now, &verdict))
		;
	audit_verify_free(self);
	close(fd);
	return verdict;
}

static char *path_of(const char *name)
{
	static char path[160];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static size_t slurp(const char *name, char *out, size_t size)
{
	FILE *file = fopen(path_of(name), "rb");

	ck_assert_ptr_nonnull(file);
	size_t n = fread(out, 1, size, file);
	fclose(file);
	return n;
}

static void spit(const char *name, const char *bytes, size_t length)
{
	FILE *file = fopen(path_of(name), "wb");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, length, file), length);
	fclose(file);
}

static char whole[65536];
static size_t whole_length;

/* Six lines in one file. */
static void make_log(void)
{
	struct audit_log log;

	begin();
	open_log(&log);
	for (int i = 0; i < 6; i++) {
		char host[32];
		snprintf(host, sizeof(host), "例%d.example.jp", i);
		put(&log, 202611, host);
	}
	audit_log_close(&log);
	whole_length = slurp("audit-202611.jsonl", whole, sizeof(whole));
}

START_TEST(a_good_log_is_good)
{
	make_log();
	struct audit_verdict verdict = verify();
	ck_assert(verdict.is_good);
	ck_assert_uint_eq(verdict.n_records, 6);
	end();
}
END_TEST

START_TEST(every_flipped_bit_is_found)
{
	make_log();
	uint64_t line = 1;
	for (size_t i = 0; i < whole_length; i++) {
		for (int bit = 0; bit < 8; bit++) {
			whole[i] = (char)(whole[i] ^ (1 << bit));
			spit("audit-202611.jsonl", whole, whole_length);
			struct audit_verdict verdict = verify();
			ck_assert_msg(!verdict.is_good, "byte %zu bit %d", i, bit);
			/* The line itself is named. A newline that is gone joins two lines. */
			ck_assert_msg(verdict.line == line, "byte %zu bit %d: line %lu of %lu", i,
			        bit, (unsigned long)verdict.line, (unsigned long)line);
			whole[i] = (char)(whole[i] ^ (1 << bit));
		}
		line += whole[i] == '\n';
	}
	end();
}
END_TEST

static size_t line_start(size_t number)
{
	size_t at = 0;

	while (number-- > 0)
		at = (size_t)((char *)memchr(whole + at, '\n', whole_length - at) - whole) + 1;
	return at;
}

START_TEST(removed_lines_are_found)
{
	static char changed[65536];

	make_log();
	for (size_t i = 0; i < 6; i++) {
		size_t from = line_start(i), to = line_start(i + 1);
		memcpy(changed, whole, from);
		memcpy(changed + from, whole + to, whole_length - to);
		spit("audit-202611.jsonl", changed, whole_length - (to - from));
		struct audit_verdict verdict = verify();
		ck_assert(!verdict.is_good);
		/* The last one leaves no gap in the chain: the database knows. */
		ck_assert_uint_eq(verdict.line, i == 5 ? 0 : i + 1);
		ck_assert_ptr_nonnull(strstr(verdict.fault, "missing"));
	}
	end();
}
END_TEST

START_TEST(swapped_and_repeated_lines_are_found)
{
	static char changed[65536];

	make_log();
	size_t a = line_start(2), b = line_start(3), c = line_start(4);
	memcpy(changed, whole, whole_length);
	memcpy(changed + a, whole + b, c - b);
	memcpy(changed + a + (c - b), whole + a, b - a);
	spit("audit-202611.jsonl", changed, whole_length);
	struct audit_verdict verdict = verify();
	ck_assert(!verdict.is_good);
	ck_assert_uint_eq(verdict.line, 3);
	memcpy(changed, whole, c);
	memcpy(changed + c, whole + b, whole_length - b);
	spit("audit-202611.jsonl", changed, whole_length + (c - b));
	verdict = verify();
	ck_assert(!verdict.is_good);
	ck_assert_uint_eq(verdict.line, 5);
	end();
}
END_TEST

/* Somebody who knows the format changes a line and computes its hash anew: the next one does not follow. */
START_TEST(a_line_hashed_anew_is_found)
{
	static char changed[65536];
	char *line;
	size_t length;

	make_log();
	size_t a = line_start(2), b = line_start(3);
	json_t *record = json_loadb(whole + a, b - 1 - a, 0, NULL);
	struct audit_head head = {.number = 2};
	strcpy(head.hash, json_string_value(json_object_get(record, "prev")));
	json_object_set_new(record, "host", json_string("innocent.example.jp"));
	ck_assert_int_eq(audit_chain_make(&head, record, &line, &length), 0);
	json_decref(record);
	memcpy(changed, whole, a);
	memcpy(changed + a, line, length);
	memcpy(changed + a + length, whole + b, whole_length - b);
	spit("audit-202611.jsonl", changed, whole_length - (b - a) + length);
	free(line);
	struct audit_verdict verdict = verify();
	ck_assert(!verdict.is_good);
	ck_assert_uint_eq(verdict.line, 4);
	end();
}
END_TEST

/* The same JSON in other bytes: spaces, escapes, order. */
START_TEST(another_spelling_is_found)
{
	static char changed[65536];
	const struct {
		const char *from, *to;
	} ways[] = {{"\"port\":443", "\"port\": 443"}, {"example.jp", "ex\\u0061mple.jp"},
	        {"\"port\":443", "\"port\":443,\"port\":443"}, {"{\"event", "{ \"event"}};

	make_log();
	whole[whole_length] = '\0';
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		char *at = strstr(whole + line_start(2), ways[i].from);
		ck_assert_ptr_nonnull(at);
		int length = snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - whole),
		        whole, ways[i].to, at + strlen(ways[i].from));
		spit("audit-202611.jsonl", changed, (size_t)length);
		struct audit_verdict verdict = verify();
		ck_assert_msg(!verdict.is_good, "%s", ways[i].to);
		ck_assert_uint_eq(verdict.line, 3);
	}
	end();
}
END_TEST

START_TEST(every_truncation_is_found)
{
	make_log();
	for (size_t length = 0; length < whole_length; length++) {
		spit("audit-202611.jsonl", whole, length);
		struct audit_verdict verdict = verify();
		ck_assert_msg(!verdict.is_good, "cut at %zu", length);
	}
	end();
}
END_TEST

START_TEST(a_chain_forged_anew_is_found)
{
	struct audit_log log;
	struct audit_head believed;
	struct audit_found found;

	make_log();
	believed = now;
	unlink(path_of("audit-202611.jsonl"));
	audit_head_init(&now);
	open_log(&log);
	for (int i = 0; i < 6; i++)
		put(&log, 202611, "innocent.example.jp");
	audit_log_close(&log);
	now = believed;
	struct audit_verdict verdict = verify();
	ck_assert(!verdict.is_good);
	/* And the next start says so. */
	ck_assert_int_eq(audit_log_open(&log, folder, &now, &found), 0);
	ck_assert(found.is_damaged);
	audit_log_close(&log);
	end();
}
END_TEST

/* As above, and a line more, as if the database had missed a commit. */
START_TEST(a_longer_chain_forged_anew_is_found)
{
	struct audit_log log;
	struct audit_head believed;
	struct audit_found found;

	for (int n = 7; n < 10; n++) {
		make_log();
		believed = now;
		unlink(path_of("audit-202611.jsonl"));
		audit_head_init(&now);
		open_log(&log);
		for (int i = 0; i < n; i++)
			put(&log, i < 5 ? 202611 : 202612, "innocent.example.jp");
		audit_log_close(&log);
		now = believed;
		ck_assert_int_eq(audit_log_open(&log, folder, &believed, &found), 0);
		ck_assert(found.is_damaged);
		ck_assert_ptr_nonnull(strstr(found.damage, "others added"));
		/* What is written from now on does not hide it. */
		put(&log, 202612, "later.example.jp");
		audit_log_close(&log);
		ck_assert(!verify().is_good);
		end();
	}
}
END_TEST

/* A crash between the two, or a database on a full disk: the log is ahead, and good. */
START_TEST(a_log_that_is_ahead_is_good)
{
	struct audit_log log;
	struct audit_found found;
	struct audit_head known[12];

	begin();
	open_log(&log);
	for (int i = 0; i < 12; i++) {
		known[i] = log.head;
		put(&log, i < 5 ? 202611 : 202612, "ahead.example.jp");
	}
	audit_log_close(&log);
	spit("audit-202701.jsonl", "", 0); /* begun, and the first line never came */
	for (int i = 0; i < 12; i++) {
		ck_assert_int_eq(audit_log_open(&log, folder, &known[i], &found), 0);
		ck_assert_msg(!found.is_damaged, "%d: %s", i, found.damage);
		ck_assert_uint_eq(log.head.number, 12);
		audit_log_close(&log);
		/* The same number with another hash. */
		known[i].hash[7] = known[i].hash[7] == 'a' ? 'b' : 'a';
		ck_assert_int_eq(audit_log_open(&log, folder, &known[i], &found), 0);
		ck_assert(found.is_damaged);
		ck_assert_uint_eq(log.head.number, (uint64_t)i);
		audit_log_close(&log);
	}
	end();
}
END_TEST

/* keeper begins a new month's file while the log is being read. */
START_TEST(a_month_that_begins_meanwhile)
{
	struct audit_log log;
	struct audit_verdict verdict;

	make_log();
	int fd = open(folder, O_RDONLY | O_DIRECTORY);
	struct audit_verify *self = audit_verify_new(fd);
	ck_assert_int_eq(audit_verify_step(self, &now, &verdict), 0); /* the lines, not the end */
	open_log(&log);
	put(&log, 202612, "december.example.jp");
	put(&log, 202701, "new year.example.jp");
	while (!audit_verify_step(self, &now, &verdict))
		;
	ck_assert_msg(verdict.is_good, "%s", verdict.fault);
	ck_assert_uint_eq(verdict.n_records, 8);
	ck_assert_uint_eq(verdict.n_files, 3);
	audit_verify_free(self);
	/* The new file goes away again, before it is looked at. */
	self = audit_verify_new(fd);
	ck_assert_int_eq(audit_verify_step(self, &now, &verdict), 0);
	unlink(path_of("audit-202701.jsonl"));
	while (!audit_verify_step(self, &now, &verdict))
		;
	ck_assert(!verdict.is_good);
	audit_verify_free(self);
	audit_log_close(&log);
	close(fd);
	end();
}
END_TEST

START_TEST(lines_that_keeper_did_not_write_are_found)
{
	struct audit_log log;
	struct audit_head believed;

	make_log();
	believed = now;
	open_log(&log);
	put(&log, 202611, "added.example.jp");
	audit_log_close(&log);
	now = believed;
	struct audit_verdict verdict = verify();
	ck_assert(!verdict.is_good);
	ck_assert_ptr_nonnull(strstr(verdict.fault, "did not write"));
	end();
}
END_TEST

START_TEST(the_chain_goes_on_across_files_and_starts)
{
	struct audit_log log;
	struct stat status;

	make_log();
	struct audit_found found = open_log(&log);
	ck_assert(!found.was_cut && !found.is_damaged);
	put(&log, 202612, "december.example.jp");
	/* The clock was set back: the newest file goes on. */
	put(&log, 202611, "november.example.jp");
	audit_log_close(&log);
	open_log(&log);
	put(&log, 202701, "new year.example.jp");
	audit_log_close(&log);
	struct audit_verdict verdict = verify();
	ck_assert_msg(verdict.is_good, "%s", verdict.fault);
	ck_assert_uint_eq(verdict.n_records, 9);
	ck_assert_uint_eq(verdict.n_files, 3);
	ck_assert_int_eq(stat(path_of("audit-202701.jsonl"), &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0600);
	/* A whole file removed from the middle. */
	unlink(path_of("audit-202612.jsonl"));
	verdict = verify();
	ck_assert(!verdict.is_good);
	ck_assert_str_eq(verdict.file, "audit-202701.jsonl");
	end();
}
END_TEST

/* A crash in the middle of the seventh line, at each of its bytes. The database still knows six. */
START_TEST(a_cut_tail_is_kept_and_the_chain_goes_on)
{
	struct audit_log log;

	make_log();
	open_log(&log);
	struct audit_head six = now;
	put(&log, 202611, "seventh.example.jp");
	audit_log_close(&log);
	whole_length = slurp("audit-202611.jsonl", whole, sizeof(whole));
	size_t from = line_start(6);
	for (size_t length = from + 1; length < whole_length; length += 7) {
		char kept[4096];
		spit("audit-202611.jsonl", whole, length);
		now = six;
		struct audit_found found = open_log(&log);
		ck_assert(found.was_cut);
		ck_assert(!found.is_damaged);
		ck_assert_uint_eq(found.cut_at, from);
		ck_assert_uint_eq(found.cut_bytes, length - from);
		ck_assert_uint_eq(slurp(found.cut_saved_as, kept, sizeof(kept)), length - from);
		ck_assert_mem_eq(kept, whole + from, length - from);
		unlink(path_of(found.cut_saved_as));
		put(&log, 202611, "after.example.jp");
		audit_log_close(&log);
		struct audit_verdict verdict = verify();
		ck_assert_msg(verdict.is_good, "%s", verdict.fault);
		ck_assert_uint_eq(verdict.n_records, 7);
	}
	end();
}
END_TEST

START_TEST(a_cut_first_line_of_a_month_goes_on_from_the_month_before)
{
	struct audit_log log;

	make_log();
	spit("audit-202612.jsonl", "{\"event\":\"desti", 15);
	struct audit_found found = open_log(&log);
	ck_assert(found.was_cut);
	ck_assert_str_eq(found.cut_file, "audit-202612.jsonl");
	put(&log, 202612, "december.example.jp");
	audit_log_close(&log);
	struct audit_verdict verdict = verify();
	ck_assert_msg(verdict.is_good, "%s", verdict.fault);
	ck_assert_uint_eq(verdict.n_records, 7);
	end();
}
END_TEST

START_TEST(damage_at_the_end_is_told_and_stays_visible)
{
	struct audit_log log;

	make_log();
	whole[whole_length - 20] ^= 1;
	spit("audit-202611.jsonl", whole, whole_length);
	struct audit_found found = open_log(&log);
	ck_assert(found.is_damaged);
	put(&log, 202611, "after.example.jp");
	audit_log_close(&log);
	struct audit_verdict verdict = verify();
	ck_assert(!verdict.is_good);
	ck_assert_uint_eq(verdict.line, 6);
	end();
}
END_TEST

START_TEST(a_failed_write_leaves_nothing)
{
	struct audit_log log;
	struct audit_head head;
	char text[] = "{}\n";

	make_log();
	open_log(&log);
	/* A descriptor that cannot be written stands for a full disk. */
	int good = log.fd;
	log.fd = open(path_of("audit-202611.jsonl"), O_RDONLY);
	head = log.head;
	head.number++;
	ck_assert_int_ne(audit_log_write(&log, 202611, text, 3, &head), 0);
	ck_assert_uint_eq(log.head.number, 6);
	close(log.fd);
	log.fd = good;
	put(&log, 202611, "after.example.jp");
	audit_log_close(&log);
	ck_assert(verify().is_good);
	end();
}
END_TEST

START_TEST(a_record_over_the_limit_is_refused)
{
	static char text[AUDIT_LINE_MAX + 1];
	struct audit_head head;
	char *line;
	size_t length;

	audit_head_init(&head);
	memset(text, 'x', sizeof(text) - 1);
	json_t *record = json_pack("{s:s}", "event", text);
	ck_assert_int_eq(audit_chain_make(&head, record, &line, &length), SHOJI_ERR_LIMIT);
	ck_assert_uint_eq(head.number, 0);
	json_decref(record);
}
END_TEST

int main(void)
{
	if (sodium_init() < 0)
		return EXIT_FAILURE;
	return SUITE_RUN("keeper-audit", a_good_log_is_good, every_flipped_bit_is_found,
	        removed_lines_are_found, swapped_and_repeated_lines_are_found,
	        every_truncation_is_found, a_line_hashed_anew_is_found, another_spelling_is_found,
	        a_chain_forged_anew_is_found, a_longer_chain_forged_anew_is_found,
	        a_log_that_is_ahead_is_good, a_month_that_begins_meanwhile,
	        lines_that_keeper_did_not_write_are_found,
	        the_chain_goes_on_across_files_and_starts, a_cut_tail_is_kept_and_the_chain_goes_on,
	        a_cut_first_line_of_a_month_goes_on_from_the_month_before,
	        damage_at_the_end_is_told_and_stays_visible, a_failed_write_leaves_nothing,
	        a_record_over_the_limit_is_refused);
}
