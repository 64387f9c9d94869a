/* What all connections of egress share. Owned by the role's process part (egress.c). */
#ifndef SHOJI_EGRESS_CONTEXT_H
#define SHOJI_EGRESS_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct egress_policy;
struct egress_records;
struct loop;
struct own_addresses;
struct resolver;

struct egress_context {
	struct loop *loop;
	struct egress_policy *policy;
	struct own_addresses *own; /* of the policy */
	struct egress_records *records;
	struct resolver *resolver;
	const char *contact; /* 情報担当（内線○○） */
	bool check_server_name;
	size_t connections_per_session_max;
	uint64_t connect_deadline_ms;
	uint64_t idle_deadline_ms;
};

#endif
