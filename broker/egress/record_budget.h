/* How many destinations each session may ask for in a minute, so that no isolated host can fill the disk of the
 * audit log. Pure: the caller brings the time. */
#ifndef SHOJI_EGRESS_RECORD_BUDGET_H
#define SHOJI_EGRESS_RECORD_BUDGET_H

#include "base/message.h"

#include <stdbool.h>
#include <stdint.h>

struct record_budget;

#define RECORD_BUDGET_WINDOW_MS 60000
/* Sessions with a minute that is not over: three times as many as there can be sessions. */
#define RECORD_BUDGET_SESSIONS_MAX 1024

/* NULL: no memory. per_minute: at least 1. */
struct record_budget *record_budget_new(uint64_t per_minute);
void record_budget_free(struct record_budget *self);

/* Whether this session may ask for one more destination. What it has been allowed to ask for may make a few
 * records (one an address that is tried, and how it ended): those have the same room again. */
bool record_budget_may_ask(struct record_budget *self, uint64_t lease_id, uint64_t now_ms);
bool record_budget_may_record(struct record_budget *self, uint64_t lease_id, uint64_t now_ms);
/* One record was made. */
void record_budget_take(struct record_budget *self, uint64_t lease_id, uint64_t now_ms);

/* One was refused without a record of its own; `last` (copied) says which. */
void record_budget_refuse(
        struct record_budget *self, uint64_t now_ms, const struct message_destination *last);
/* A session that was refused something a minute ago or longer (any that was refused something when is_end): what
 * to tell, with `refused` set. It is due until record_budget_told(). false: none. */
bool record_budget_due(
        struct record_budget *self, uint64_t now_ms, bool is_end, struct message_destination *out);
void record_budget_told(struct record_budget *self, uint64_t lease_id);
bool record_budget_has_refused(const struct record_budget *self);

#endif
