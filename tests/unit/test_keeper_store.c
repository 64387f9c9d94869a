/* The database: schema from empty, refusal of a newer one, people, leases and failed sign-ins across a restart. */
#include "base/error.h"
#include "keeper/store.h"
#include "suite.h"

#include <fcntl.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], path[96];

static void begin(void)
{
	strcpy(folder, "/tmp/shoji-store-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/keeper.sqlite", folder);
}

static void end(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

static struct store *open_store(void)
{
	struct store *store;

	ck_assert_int_eq(store_open(&store, path), 0);
	return store;
}

START_TEST(schema_from_empty_and_again)
{
	begin();
	for (int i = 0; i < 2; i++) {
		struct store *store = open_store();
		ck_assert_int_eq(store_version(store), store_schema_version());
		store_close(store);
	}
	end();
}
END_TEST

/* SQLite keeps user_version at offset 60 of the file, big endian. */
START_TEST(a_newer_schema_is_refused)
{
	const unsigned char newer[4] = {0, 0, 0, 200};
	struct store *store = NULL;

	begin();
	store_close(open_store());
	int fd = open(path, O_WRONLY);
	ck_assert_int_eq(pwrite(fd, newer, 4, 60), 4);
	close(fd);
	ck_assert_int_eq(store_open(&store, path), SHOJI_ERR_FORBIDDEN);
	end();
}
END_TEST

START_TEST(a_second_keeper_is_refused)
{
	struct store *other = NULL;

	begin();
	struct store *store = open_store();
	ck_assert_int_eq(store_begin(store), 0);
	ck_assert_int_eq(store_commit(store), 0);
	ck_assert_int_ne(store_open(&other, path), 0);
	store_close(store);
	end();
}
END_TEST

static int count_person(void *data, const struct person *person)
{
	ck_assert_str_eq(person->hash, ""); /* not given out */
	(*(int *)data)++;
	return 0;
}

START_TEST(people)
{
	struct person person = {.id = "hanako", .name = "田中 花子", .hash = "$argon2id$x"}, found;
	int count = 0;

	begin();
	struct store *store = open_store();
	ck_assert_int_eq(store_find_person(store, "hanako", &found), SHOJI_ERR_NOT_FOUND);
	ck_assert_int_eq(store_begin(store), 0);
	ck_assert_int_eq(store_add_person(store, &person), 0);
	ck_assert_int_eq(store_add_person(store, &person), SHOJI_ERR_EXISTS);
	ck_assert_int_eq(store_set_locked(store, "taro", true), SHOJI_ERR_NOT_FOUND);
	ck_assert_int_eq(store_set_locked(store, "hanako", true), 0);
	ck_assert_int_eq(store_commit(store), 0);
	ck_assert_int_eq(store_begin(store), 0);
	ck_assert_int_eq(store_set_password(store, "hanako", "changed"), 0);
	store_rollback(store);
	ck_assert_int_eq(store_find_person(store, "hanako", &found), 0);
	ck_assert_str_eq(found.name, "田中 花子");
	ck_assert_str_eq(found.hash, "$argon2id$x");
	ck_assert(found.is_locked);
	ck_assert_int_eq(store_each_person(store, count_person, &count), 0);
	ck_assert_int_eq(count, 1);
	store_close(store);
	end();
}
END_TEST

static int keep_lease(void *data, const struct stored_lease *lease)
{
	*(struct stored_lease *)data = *lease;
	return 0;
}

START_TEST(leases_survive_with_their_deadlines)
{
	static const struct lease_rules rules = {1000, 2000, 3000, 4000, 500000, 900000};
	uint8_t cookie[TOKEN_HASH_BYTES] = {1}, token[TOKEN_HASH_BYTES] = {2};
	struct store_clocks before = {.now_ms = 5000, .now_utc_ms = 1700000000000};
	/* A reboot 100 s later: the monotonic clock began anew. */
	struct store_clocks after = {.now_ms = 70, .now_utc_ms = 1700000100000};
	struct stored_lease found = {0};
	struct lease lease;

	begin();
	struct store *store = open_store();
	lease_init(&lease, &rules, 0xfedcba9876543210, 3, cookie, token, before.now_ms);
	strcpy(lease.person, "hanako");
	strcpy(lease.display_name, "田中 花子");
	strcpy(lease.address, "10.1.2.3");
	lease.width = 1280;
	lease.height = 800;
	lease_set_state(&lease, LEASE_READY, before.now_ms);
	ck_assert_int_eq(store_begin(store), 0);
	ck_assert_int_eq(store_save_lease(store, &lease, &before), 0);
	lease_set_state(&lease, LEASE_ATTACHED, before.now_ms);
	ck_assert_int_eq(store_save_lease(store, &lease, &before), 0);
	/* No other lease may take its slot. */
	struct lease other = lease;
	other.id = 9;
	other.cookie[0] = 9;
	ck_assert_int_eq(store_save_lease(store, &other, &before), SHOJI_ERR_EXISTS);
	ck_assert_int_eq(store_commit(store), 0);
	store_close(store);

	store = open_store();
	ck_assert_int_eq(store_each_lease(store, &after, keep_lease, &found), 0);
	ck_assert(found.lease.id == 0xfedcba9876543210);
	ck_assert_uint_eq(found.lease.slot, 3);
	ck_assert_int_eq(found.state, LEASE_ATTACHED);
	ck_assert_str_eq(found.lease.person, "hanako");
	ck_assert_str_eq(found.lease.address, "10.1.2.3");
	ck_assert(found.lease.was_attached);
	ck_assert(token_is_equal(found.lease.cookie, cookie));
	ck_assert(token_is_equal(found.lease.tokens.next, token));
	ck_assert_uint_eq(found.lease.idle_end_ms, 70 + 500000 - 100000);
	ck_assert_uint_eq(found.lease.duration_end_ms, 70 + 900000 - 100000);
	ck_assert_int_eq(store_begin(store), 0);
	ck_assert_int_eq(store_delete_lease(store, lease.id), 0);
	ck_assert_int_eq(store_commit(store), 0);
	memset(&found, 0, sizeof(found));
	ck_assert_int_eq(store_each_lease(store, &after, keep_lease, &found), 0);
	ck_assert(found.lease.id == 0);
	store_close(store);
	end();
}
END_TEST

/* ---- a disk is not believed ---- */

static void change_file(const char *sql)
{
	sqlite3 *db;
	char *complaint = NULL;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, &complaint) == SQLITE_OK, "%s: %s", sql,
	        complaint);
	ck_assert_int_eq(sqlite3_changes(db) > 0, 1);
	sqlite3_close(db);
}

/* A person and a lease, as good as any, but for this change. */
static void write_and_change(const char *change)
{
	struct person person = {.id = "hanako", .name = "Hanako", .hash = "x"};
	struct store_clocks clocks = {.now_ms = 5000, .now_utc_ms = 1700000000000};
	struct lease lease = {.id = 7,
	        .slot = 3,
	        .state = LEASE_READY,
	        .person = "hanako",
	        .display_name = "Hanako",
	        .address = "10.1.2.3",
	        .width = 1280,
	        .height = 800};

	begin();
	struct store *store = open_store();
	ck_assert_int_eq(store_begin(store), 0);
	ck_assert_int_eq(store_add_person(store, &person), 0);
	ck_assert_int_eq(store_save_lease(store, &lease, &clocks), 0);
	ck_assert_int_eq(store_commit(store), 0);
	store_close(store);
	change_file(change);
}

START_TEST(what_was_changed_on_the_disk_is_refused)
{
	static const char *const people_changes[] = {
	        "UPDATE people SET name = CAST(x'61006200' AS TEXT)",
	        "UPDATE people SET name = printf('%.*c', 129, 'x')",
	        "UPDATE people SET name = printf('%.*c', 70000, 'x')",
	};
	static const char *const lease_changes[] = {"UPDATE leases SET slot = 65536",
	        "UPDATE leases SET state = 99", "UPDATE leases SET state = 0",
	        "UPDATE leases SET width = 65536", "UPDATE leases SET height = 65536",
	        "UPDATE leases SET reason = 99", "UPDATE leases SET id = 0",
	        "UPDATE leases SET person = printf('%.*c', 65, 'x')",
	        "UPDATE leases SET address = CAST(x'3100' AS TEXT)",
	        "UPDATE leases SET cookie = x'00'", "UPDATE leases SET token_next = x''",
	        "UPDATE leases SET token_last = zeroblob(33)"};
	struct store_clocks clocks = {.now_ms = 5000, .now_utc_ms = 1700000000000};
	struct stored_lease found;
	struct person person;
	int count = 0;

	for (size_t i = 0; i < sizeof(people_changes) / sizeof(people_changes[0]); i++) {
		write_and_change(people_changes[i]);
		struct store *store = open_store();
		ck_assert_int_eq(store_find_person(store, "hanako", &person), SHOJI_ERR_MALFORMED);
		ck_assert_int_eq(
		        store_each_person(store, count_person, &count), SHOJI_ERR_MALFORMED);
		store_close(store);
		end();
	}
	for (size_t i = 0; i < sizeof(lease_changes) / sizeof(lease_changes[0]); i++) {
		write_and_change(lease_changes[i]);
		struct store *store = open_store();
		ck_assert_msg(
		        store_each_lease(store, &clocks, keep_lease, &found) == SHOJI_ERR_MALFORMED,
		        "taken: %s", lease_changes[i]);
		store_close(store);
		end();
	}
	/* The same without a change that matters is taken: it is the change that is refused. */
	write_and_change("UPDATE leases SET width = 1024");
	struct store *store = open_store();
	ck_assert_int_eq(store_each_lease(store, &clocks, keep_lease, &found), 0);
	ck_assert_uint_eq(found.lease.width, 1024);
	store_close(store);
	end();
}
END_TEST

START_TEST(people_have_a_number_at_most)
{
	struct person last = {.id = "last", .name = "Last", .hash = "x"};
	struct person beyond = {.id = "beyond", .name = "Beyond", .hash = "x"};
	char sql[256];

	/* hanako is one of them. */
	snprintf(sql, sizeof(sql),
	        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
	        " INSERT INTO people SELECT 'p' || i, 'P', 'x', 0, 0 FROM n",
	        PEOPLE_MAX - 2);
	write_and_change(sql);
	struct store *store = open_store();
	ck_assert_int_eq(store_add_person(store, &last), 0);
	ck_assert_int_eq(store_add_person(store, &beyond), SHOJI_ERR_LIMIT);
	store_close(store);
	end();
}
END_TEST

static int keep_entry(void *data, uint32_t bucket, const struct lockout_entry *entry)
{
	ck_assert_uint_eq(bucket, 65535);
	*(struct lockout_entry *)data = *entry;
	return 0;
}

START_TEST(failures_survive)
{
	struct store_clocks before = {.now_ms = 5000, .now_utc_ms = 1700000000000};
	struct store_clocks after = {.now_ms = 70, .now_utc_ms = 1700000100000};
	struct lockout_entry entry = {.failures = 5, .locked_until_ms = 605000, .last_ms = 5000},
	                     found = {0};

	begin();
	struct store *store = open_store();
	ck_assert_int_eq(store_begin(store), 0);
	ck_assert_int_eq(store_save_attempts(store, 65535, &entry, &before), 0);
	ck_assert_int_eq(store_commit(store), 0);
	ck_assert_int_eq(store_each_attempts(store, &after, keep_entry, &found), 0);
	ck_assert_uint_eq(found.failures, 5);
	ck_assert_uint_eq(found.locked_until_ms, 70 + 500000);
	entry.failures = 0;
	ck_assert_int_eq(store_begin(store), 0);
	ck_assert_int_eq(store_save_attempts(store, 65535, &entry, &before), 0);
	ck_assert_int_eq(store_commit(store), 0);
	memset(&found, 0, sizeof(found));
	ck_assert_int_eq(store_each_attempts(store, &after, keep_entry, &found), 0);
	ck_assert_uint_eq(found.failures, 0);
	store_close(store);
	end();
}
END_TEST

START_TEST(keys_and_heads)
{
	uint8_t key[LOCKOUT_KEY_BYTES], again[LOCKOUT_KEY_BYTES];
	struct audit_head head;

	begin();
	struct store *store = open_store();
	ck_assert_int_eq(store_audit_head(store, &head), 0);
	ck_assert_uint_eq(head.number, 0);
	ck_assert_int_eq(store_name_key(store, key), 0);
	head.number = 0x0123456789abcdef;
	memset(head.hash, 'e', AUDIT_HASH_TEXT);
	ck_assert_int_eq(store_set_audit_head(store, &head), 0);
	store_close(store);
	store = open_store();
	memset(&head, 0, sizeof(head));
	ck_assert_int_eq(store_audit_head(store, &head), 0);
	ck_assert(head.number == 0x0123456789abcdef);
	ck_assert_int_eq(strspn(head.hash, "e"), AUDIT_HASH_TEXT);
	ck_assert_int_eq(store_name_key(store, again), 0);
	ck_assert_mem_eq(key, again, sizeof(key));
	store_close(store);
	end();
}
END_TEST

int main(void)
{
	if (sodium_init() < 0)
		return EXIT_FAILURE;
	return SUITE_RUN("keeper-store", schema_from_empty_and_again, a_newer_schema_is_refused,
	        a_second_keeper_is_refused, people, leases_survive_with_their_deadlines,
	        what_was_changed_on_the_disk_is_refused, people_have_a_number_at_most,
	        failures_survive, keys_and_heads);
}
