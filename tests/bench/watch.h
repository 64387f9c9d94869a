/* Areas of an X display that are watched for changed pixels. Bench tool: stands outside the product, on either
 * side: the display of an isolated host, or the one before which a person sits. Shared memory where both are in
 * one IPC namespace, GetImage through the socket where not. */
#ifndef SHOJI_BENCH_WATCH_H
#define SHOJI_BENCH_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xcb/damage.h>
#include <xcb/shm.h>
#include <xcb/xcb.h>

#define WATCH_AREAS_MAX 8

struct watch_area {
	int16_t x, y;
	uint16_t width, height; /* pixels */
};

struct watch {
	xcb_connection_t *x;
	xcb_window_t root;
	uint8_t damage_event;
	xcb_damage_damage_t damage;
	xcb_shm_seg_t segment;
	uint8_t *shared; /* NULL: no shared memory */
	size_t shared_bytes;
	struct watch_area areas[WATCH_AREAS_MAX];
	size_t n_areas;
	uint8_t *now, *before; /* the areas one after the other, B,G,R,X */
	size_t size_bytes;
};

double watch_now_ms(void);
/* Opens $DISPLAY and takes the first picture. Ends the process with a line on standard error when it cannot. */
void watch_open(struct watch *self, const struct watch_area *areas, size_t n_areas);
/* "X,Y,WIDTH,HEIGHT". False: not that. */
bool watch_area_read(const char *text, struct watch_area *area);
/* Waits until something was drawn or the time (watch_now_ms()) has come. True: drawn; take a picture. */
bool watch_wait(struct watch *self, double until_ms);
/* Takes the areas' pixels into now; what was there goes to before. True: they differ. */
bool watch_take(struct watch *self);
void watch_close(struct watch *self);

#endif
