/* The store's failed sign-ins, so that a restart forgives nobody. */
#include "keeper/store_internal.h"

#include "base/error.h"

int store_save_attempts(struct store *self, uint32_t bucket, const struct lockout_entry *entry,
        const struct store_clocks *clocks)
{
	sqlite3_stmt *statement =
	        statement_take(self, entry->failures ? ATTEMPTS_SAVE : ATTEMPTS_DELETE);

	statement_bind_u64(statement, 1, bucket);
	if (entry->failures) {
		statement_bind_u64(statement, 2, entry->failures);
		statement_bind_moment(statement, 3, entry->locked_until_ms, clocks);
		statement_bind_moment(statement, 4, entry->last_ms, clocks);
	}
	return statement_finish(self, statement, "cannot write a failed sign-in");
}

int store_each_attempts(struct store *self, const struct store_clocks *clocks,
        store_attempts_fn on_entry, void *data)
{
	sqlite3_stmt *statement = statement_take(self, ATTEMPTS_EACH);
	int error = 0;
	int result = SQLITE_DONE;

	while (!error && (result = sqlite3_step(statement)) == SQLITE_ROW) {
		uint64_t bucket = statement_u64(statement, 0);
		struct lockout_entry entry = {.failures = (uint32_t)statement_u64(statement, 1),
		        .locked_until_ms = statement_moment(statement, 2, clocks),
		        .last_ms = clocks->now_ms};
		error = bucket <= UINT32_MAX ? on_entry(data, (uint32_t)bucket, &entry)
		                             : SHOJI_ERR_MALFORMED;
	}
	return statement_finish_rows(self, statement, error, result, "cannot list failed sign-ins");
}
