/* Which slot of the tile cache is overwritten next: the one that was stored or shown longest ago. A pure function of the commands
 * obeyed, linked by encode and by the decoder, so that a slot's number needs not be sent when it is stored. */
#ifndef SHOJI_STREAM_CACHE_RULE_H
#define SHOJI_STREAM_CACHE_RULE_H

#include "stream/picture.h"

#include <stdint.h>

#define CACHE_RULE_NONE 0xffff

struct cache_rule {
	uint16_t n_slots; /* 0: there is no cache */
	uint16_t newest, oldest;
	uint16_t newer[PICTURE_CACHE_SLOTS_MAX], older[PICTURE_CACHE_SLOTS_MAX];
};

/* n_slots: at most PICTURE_CACHE_SLOTS_MAX. Slot 0 is the oldest, then 1. */
void cache_rule_init(struct cache_rule *self, uint16_t n_slots);
/* The slot becomes the newest. Returns the one that was newer by one place, CACHE_RULE_NONE if none was. */
uint16_t cache_rule_touch(struct cache_rule *self, uint16_t slot);
/* Undoes the last touch that was not undone yet; newer: what it returned. */
void cache_rule_untouch(struct cache_rule *self, uint16_t slot, uint16_t newer);

#endif
