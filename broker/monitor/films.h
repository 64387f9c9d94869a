/* What films may take of the processor: one budget for all sessions, divided evenly among those in which a film plays. Pure. */
#ifndef SHOJI_MONITOR_FILMS_H
#define SHOJI_MONITOR_FILMS_H

#include <stdbool.h>
#include <stdint.h>

struct films {
	uint32_t all_permille, each_permille; /* of one core */
	uint32_t n_playing;                   /* sessions */
};

/* percent of one core, both at least 1. */
void films_init(struct films *self, uint32_t all_percent, uint32_t each_percent);
/* *is_playing is one session's, false at first; it becomes `plays`, and is counted. */
void films_set(struct films *self, bool *is_playing, bool plays);
/* What a session in which a film plays may take of one core: 1 to each_permille. */
uint16_t films_share_permille(const struct films *self);

#endif
