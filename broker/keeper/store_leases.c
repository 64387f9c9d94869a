/* The store's leases: what a broker that is started anew finds of its sessions. */
#include "keeper/store_internal.h"

#include "base/error.h"

#include <string.h>

int store_save_lease(
        struct store *self, const struct lease *lease, const struct store_clocks *clocks)
{
	sqlite3_stmt *statement = statement_take(self, LEASE_SAVE);

	statement_bind_u64(statement, 1, lease->id);
	statement_bind_u64(statement, 2, lease->slot);
	statement_bind_u64(statement, 3, lease->state);
	statement_bind_text(statement, 4, lease->person);
	statement_bind_text(statement, 5, lease->display_name);
	statement_bind_text(statement, 6, lease->address);
	statement_bind_u64(statement, 7, lease->width);
	statement_bind_u64(statement, 8, lease->height);
	statement_bind_blob(statement, 9, lease->cookie, TOKEN_HASH_BYTES);
	statement_bind_blob(statement, 10, lease->tokens.next, TOKEN_HASH_BYTES);
	statement_bind_blob(statement, 11, lease->tokens.last, TOKEN_HASH_BYTES);
	statement_bind_u64(statement, 12, lease->tokens.may_repeat_last);
	statement_bind_u64(statement, 13, lease->was_attached);
	statement_bind_u64(statement, 14, lease->reason);
	statement_bind_u64(statement, 15, lease->started_utc_ms);
	statement_bind_moment(statement, 16, lease->deadline_ms, clocks);
	statement_bind_moment(statement, 17, lease->idle_end_ms, clocks);
	statement_bind_moment(statement, 18, lease->duration_end_ms, clocks);
	return statement_finish(self, statement, "cannot write a lease");
}

int store_delete_lease(struct store *self, uint64_t id)
{
	sqlite3_stmt *statement = statement_take(self, LEASE_DELETE);

	statement_bind_u64(statement, 1, id);
	return statement_finish(self, statement, "cannot delete a lease");
}

static bool read_lease(
        sqlite3_stmt *statement, const struct store_clocks *clocks, struct stored_lease *out)
{
	struct lease *lease = &out->lease;
	uint64_t slot = statement_u64(statement, 1);
	uint64_t state = statement_u64(statement, 2);
	uint64_t width = statement_u64(statement, 6);
	uint64_t height = statement_u64(statement, 7);
	uint64_t reason = statement_u64(statement, 13);

	memset(out, 0, sizeof(*out));
	lease->id = (uint64_t)sqlite3_column_int64(statement, 0);
	lease->slot = (uint16_t)slot;
	lease->width = (uint16_t)width;
	lease->height = (uint16_t)height;
	out->state = (enum lease_state)state;
	lease->reason = (enum end_reason)reason;
	lease->tokens.may_repeat_last = statement_u64(statement, 11) != 0;
	lease->was_attached = statement_u64(statement, 12) != 0;
	lease->started_utc_ms = statement_u64(statement, 14);
	lease->deadline_ms = statement_moment(statement, 15, clocks);
	lease->idle_end_ms = statement_moment(statement, 16, clocks);
	lease->duration_end_ms = statement_moment(statement, 17, clocks);
	return slot <= UINT16_MAX && state >= LEASE_STARTING && state <= LEASE_STATE_MAX &&
	       width <= UINT16_MAX && height <= UINT16_MAX && reason <= END_REASON_MAX &&
	       lease->id != 0 &&
	       statement_text(statement, 3, lease->person, sizeof(lease->person)) &&
	       statement_text(statement, 4, lease->display_name, sizeof(lease->display_name)) &&
	       statement_text(statement, 5, lease->address, sizeof(lease->address)) &&
	       statement_blob(statement, 8, lease->cookie, TOKEN_HASH_BYTES) &&
	       statement_blob(statement, 9, lease->tokens.next, TOKEN_HASH_BYTES) &&
	       statement_blob(statement, 10, lease->tokens.last, TOKEN_HASH_BYTES);
}

int store_each_lease(
        struct store *self, const struct store_clocks *clocks, store_lease_fn on_lease, void *data)
{
	sqlite3_stmt *statement = statement_take(self, LEASE_EACH);
	struct stored_lease lease;
	int error = 0;
	int result = SQLITE_DONE;

	while (!error && (result = sqlite3_step(statement)) == SQLITE_ROW)
		error = read_lease(statement, clocks, &lease) ? on_lease(data, &lease)
		                                              : SHOJI_ERR_MALFORMED;
	return statement_finish_rows(self, statement, error, result, "cannot list leases");
}
