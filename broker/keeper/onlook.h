/* An administrator looking on at a session: offered by shojictl, begun by whoever brings the offer's token in time, ended when
 * either leaves. One a lease; kept in memory only: with keeper, what it allowed is over.
 *
 *   NONE -> OFFERED -> BEGINNING -> ON -> NONE
 *
 * BEGINNING: its record is being written; nothing is shown before it is on disk. */
#ifndef SHOJI_KEEPER_ONLOOK_H
#define SHOJI_KEEPER_ONLOOK_H

#include "keeper/token.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct keeper;
struct lease;
struct message;

#define ONLOOK_OFFER_MS 60000
#define ONLOOK_REASON_MAX 200 /* bytes */

enum onlook_state { ONLOOK_NONE, ONLOOK_OFFERED, ONLOOK_BEGINNING, ONLOOK_ON };

struct onlook {
	enum onlook_state state;
	uint8_t token[TOKEN_HASH_BYTES]; /* of the offer */
	uint64_t offer_end_ms;
	uint64_t began_utc_ms;
	uid_t by_uid;
	char by[65];
	char reason[ONLOOK_REASON_MAX + 1];
	char address[47]; /* the terminal that looks on */
};

/* A record of the lease with administrator and reason. NULL: no memory. */
json_t *onlook_record(const char *event, const struct lease *lease, const struct onlook *onlook);

/* gate's two messages: 0, or a negative code when they are malformed. */
int onlook_on_ask(struct keeper *self, struct message *in);
int onlook_on_left(struct keeper *self, struct message *in);

/* Over, if it has begun; cause: for the record. An offer goes without a word. */
void onlook_end(struct keeper *self, struct lease *lease, const char *cause);

#endif
