/* What the parts of the encoder of one session share. Private to encoder*.c. */
#ifndef SHOJI_ENCODE_ENCODER_INSIDE_H
#define SHOJI_ENCODE_ENCODER_INSIDE_H

#include "encode/capture_check.h"
#include "encode/encoder.h"
#include "encode/image.h"
#include "encode/mark.h"
#include "encode/settle.h"
#include "encode/values.h"
#include "encode/video.h"
#include "encode/viewer.h"

/* One viewer and the channel to it: it waits for nobody but itself. */
struct seat {
	struct encoder *encoder;
	struct channel *gate; /* NULL: none, or gone */
	struct viewer viewer;
	struct values_told told;
	char address[MARK_TEXT_MAX + 1]; /* of the viewer's terminal, as gate knows it */
	bool has_asked, is_given;        /* of gate's credit, where the line is metered */
	uint8_t *memory; /* of its screen and compressor: a part of the encoder's, whole pages */
	size_t memory_size;
};

struct encoder {
	struct encoder_setup setup;
	struct channel *capture; /* NULL: gone */
	struct capture_check check;
	struct image image;
	struct mark mark;         /* where setup.is_marked */
	struct timer *mark_timer; /* the next minute */
	int mark_east_min;
	uint16_t scale; /* the person's terminal's, SCREEN_SCALE_* */
	struct values values;
	struct seat seats[VIEWERS_MAX];
	struct video video;
	struct timer
	        *video_timer; /* runs while a region is there: its silence is an event as well */
	bool is_film_told;    /* as on_film said last */
	struct timer *photo_timer; /* runs while something is not exact yet */
	struct settle settle;
	struct timer *settle_timer;
	bool has_ended;
	bool is_first_picture_told;
	struct timer *plain_timer; /* runs from the first whole picture on */
	bool is_plain_timer_set, is_plain_for_long;
	uint8_t *memory; /* one mapping for everything below */
	size_t memory_size;
	uint32_t *image_memory;
};

/* The process must end. */
void encoder_end(struct encoder *self, enum worker_exit status);
uint32_t encoder_now_ms(const struct encoder *self);
/* What viewers and snapshots get. */
const struct image *encoder_shown(const struct encoder *self);

/* ---- encoder_memory.c ---- */

/* All memory of screens, viewers and compressors, which are then ready. false: there is none. */
bool encoder_reserve(struct encoder *self);

/* ---- encoder_capture.c ---- */

/* Of that area of the image each viewer has to be told, resp. it is no longer known what each viewer holds. */
void encoder_damage(void *data, const struct rect *area);
void encoder_forget_area(void *data, const struct rect *area);
/* To monitor, once there is one worth showing. */
void encoder_tell_first_picture(struct encoder *self);
void encoder_on_plain_for_long(void *data);
void encoder_on_settle_time(void *data);

/* ---- encoder_mark.c ---- */

/* What else looks different now, and the moves that were found: the viewers need not search again. */
void encoder_take_marked(struct encoder *self, const struct message_damage *damage);
void encoder_on_minute(void *data);
/* A viewer comes: the mark that it is shown says what time it is. */
void encoder_refresh_mark(struct encoder *self);
/* Whether what is shown names the terminal of the person who would see it; an onlooker sees the person's, whatever it is. */
bool seat_is_named(const struct seat *self);

/* ---- encoder_pump.c ---- */

bool seat_is_person(const struct seat *self);
bool encoder_is_video_wanted(const struct encoder *self);
/* May be called at any time; they do what is possible now. */
void seat_pump(struct seat *self);
void seat_pump_outbox(void *data);
void encoder_pump(void *data);
/* To monitor, if a film began or ended. */
void encoder_tell_film(struct encoder *self);

#endif
