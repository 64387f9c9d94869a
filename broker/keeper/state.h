/* What keeper's parts share: one process, one loop, one struct. */
#ifndef SHOJI_KEEPER_STATE_H
#define SHOJI_KEEPER_STATE_H

#include "base/channel.h"
#include "base/config.h"
#include "base/loop.h"
#include "keeper/audit_log.h"
#include "keeper/hash_pool.h"
#include "keeper/journal.h"
#include "keeper/leases.h"
#include "keeper/lockout.h"
#include "keeper/store.h"

struct control;

struct keeper {
	struct loop *loop;
	struct config config;
	struct channel *monitor;
	struct channel *gate;   /* NULL: broken; monitor brings the next */
	struct channel *egress; /* same */
	uint32_t gate_number;   /* counts gates from 1: an answer goes to the gate that asked */
	uint64_t egress_last_record;
	bool is_egress_waiting; /* a commit will acknowledge egress_last_record */
	struct store *store;
	struct audit_log audit;
	struct audit_found audit_found;
	struct journal *journal;
	struct leases leases;
	struct lease_rules rules;
	struct lockout lockout;
	struct hash_pool *hash;
	struct control *control;
	struct timer *sweep;
	uint64_t swept_ms;
	uint64_t started_utc_ms;
	bool has_broker_status, is_full_isolation;
	char limits[129];
	char version[65];
};

enum keeper_exit { KEEPER_EXIT_DONE = 0, KEEPER_EXIT_SETUP = 64, KEEPER_EXIT_PEER = 70 };

#define LEASE_TEXT_BYTES 19 /* "s-" and 16 hex digits and NUL */
const char *lease_text(char out[LEASE_TEXT_BYTES], uint64_t lease_id);

/* A record with event, lease, person and address; NULL: no memory. */
json_t *record_of_lease(const char *event, const struct lease *lease);

struct store_clocks keeper_clocks(void);

#endif
