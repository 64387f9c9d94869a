/* Photographs of one viewer: which tiles are sent so that they only look right, and when they become exact.
 *
 * The reference (frame.h) goes on meaning what the viewer's screen stands for. Where it shows something else for the time being,
 * the pixels are marked here; a copy moves the marks along, an exact area clears them. So what is moved goes on being found and copied. */
#ifndef SHOJI_ENCODE_PHOTO_H
#define SHOJI_ENCODE_PHOTO_H

#include "encode/tiles.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct image;
struct slicer;

#define PHOTO_LINE_MS                                                                              \
	30 /* photographs that the line carries within this time are sent exactly at once */
#define PHOTO_FAST_BYTES_PER_S                                                                     \
	4000000u /* 32 Mbit/s: a faster line is never the limit; a busy terminal may look like one */
#define PHOTO_STILL_MS 100 /* a tile that has not changed for so long is made exact */

struct photo {
	uint64_t bytes_per_s; /* that the line carries; set before each frame */
	uint8_t *
	        marks; /* borrowed: one for each pixel of the largest screen; all 0 while no tile is marked */
	struct tiles inexact; /* those that may hold a mark */
	uint32_t changed_ms[TILES_ROWS_MAX][TILES_COLUMNS_MAX];
	bool is_due[TILES_ROWS_MAX][TILES_COLUMNS_MAX]; /* is being made exact */
	/* Of the frame that is being made: */
	uint32_t now_ms;
	uint8_t quality; /* 0: everything is exact */
	bool is_photo[TILES_ROWS_MAX][TILES_COLUMNS_MAX];
	uint64_t n_lossy, n_lossy_bytes, n_made_exact; /* for figures: areas, bytes, tiles */
};

/* marks: zeroes. */
void photo_init(struct photo *self, uint8_t *marks);
/* The screen has that size, and nothing on it is inexact. */
void photo_forget(struct photo *self, uint16_t width, uint16_t height);

/* A frame begins. If nothing is dirty it is an exact pass: tiles that are due get their inexact pixels marked as unknown in the reference
 * (0) and as dirty, about as many as the budget takes. now_ms: any clock, always the same. */
void photo_begin_frame(struct photo *self, uint32_t *reference, struct tiles *dirty,
        size_t budget_bytes, uint32_t now_ms);
/* Whether there is something for an exact pass. */
bool photo_is_due(const struct photo *self, uint32_t now_ms);
/* Milliseconds until a tile is due; UINT32_MAX: none will be, or one is already. */
uint32_t photo_wait_ms(const struct photo *self, uint32_t now_ms);

/* While a frame is made; of no photo (NULL) nothing is said, and everything is exact.
 *
 * After what was moved is known: which of the dirty tiles are photographs, and whether the line is the limit. */
void photo_plan(struct photo *self, const struct image *image, const uint32_t *reference,
        const struct tiles *dirty);
/* Whether a tile may be one. */
bool photo_wants(const struct photo *self, uint32_t column, uint32_t row);
/* Says an area of a tile as a photograph, if it is to be one. */
bool photo_say(struct photo *self, const struct image *image, uint32_t column, uint32_t row,
        const struct rect *area, struct slicer *slicer);
/* The viewer's screen was written exactly there, resp. moved. */
void photo_wrote(struct photo *self, const struct rect *area);
void photo_moved(struct photo *self, const struct copy_hint *copy);
/* Whether all of a tile is exact; whether anything is not. */
bool photo_is_exact(struct photo *self, uint32_t column, uint32_t row);
/* Whether all of an area on the screen is. */
bool photo_is_exact_in(const struct photo *self, const struct rect *area);
bool photo_is_provisional(struct photo *self);

#endif
