/* The one input sequence, made into key and pointer events of RFB.
 *
 * Keeps what is held in the isolated host, brings its modifiers to the state that each message tells, and
 * checks again what gate has checked. Pure: messages in, steps out; the driver sends them when the socket takes
 * them. */
#ifndef SHOJI_CAPTURE_INPUT_H
#define SHOJI_CAPTURE_INPUT_H

#include "base/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More than one message can make (release_all: 256 keys and the buttons). */
#define INPUT_STEPS_MAX 1024
/* Room that must be free before a message is given to input_*(). */
#define INPUT_STEPS_PER_MESSAGE_MAX 384

/* Keys of the isolated host's that stand for the mouse's two extra buttons, which classic RFB cannot carry
 * (its mask ends at button 8, and Xvnc 1.12 reads seven): XF86Back and XF86Forward. */
#define INPUT_KEY_BACK 0xea
#define INPUT_KEY_FORWARD 0xe9
#define INPUT_KEY_CAPS_LOCK 0x3a
#define INPUT_KEY_NUM_LOCK 0x45

enum input_step_kind { STEP_KEY, STEP_POINTER };

struct input_step {
	enum input_step_kind kind;
	uint8_t key; /* QEMU key number */
	bool is_down;
	uint16_t x, y;   /* pixels, on the screen */
	uint8_t buttons; /* RFB's mask */
};

struct input {
	uint16_t width, height; /* pixels: where the pointer may be */
	bool has_jis_keyboard;  /* the host's map */
	bool has_sequence;
	uint32_t sequence; /* of the last message */
	bool is_held[256]; /* keys that are down in the host */
	uint8_t buttons;   /* RFB's mask, without wheel */
	uint16_t x, y;
	bool has_caps_lock,
	        has_num_lock; /* the host's, as far as we toggled them: it starts with both off */
	struct input_step steps[INPUT_STEPS_MAX];
	size_t first, n_steps;
};

void input_init(struct input *self, uint16_t width, uint16_t height, bool has_jis_keyboard);
/* The screen has a new size. */
void input_set_size(struct input *self, uint16_t width, uint16_t height);
/* The driver has put the pointer there. */
void input_place(struct input *self, uint16_t x, uint16_t y);
/* Another channel begins: everything held is let go, and its first message may have any number. */
void input_restart(struct input *self);

/* Each returns 0, or SHOJI_ERR_FORBIDDEN: the sequence did not rise by one, or a value is out of its range. */
int input_key(struct input *self, const struct message_input_key *message);
int input_pointer(struct input *self, const struct message_input_pointer *message);
int input_wheel(struct input *self, const struct message_input_wheel *message);
int input_release_all(struct input *self, const struct message_input_release_all *message);
/* Only the number and the bounds are looked at (capture/screen_size.h has the rest). */
int input_screen(struct input *self, const struct message_input_screen *message);
/* Only the number is looked at: the text itself goes another way (capture/text.h). */
int input_text(struct input *self, const struct message_input_text *message);

/* The key that stands for an item of text (base/text_door.h) goes down; one that is down still is let go before. It is let go by
 * input_sentinel_up(), or ahead of the next key. */
void input_sentinel(struct input *self);
void input_sentinel_up(struct input *self);
/* A key pressed and let go for the person, whatever their keyboard holds. */
void input_type(struct input *self, uint8_t key, bool has_shift);

/* The next step, or NULL. Borrowed until input_step_done(), which forgets it. */
const struct input_step *input_next_step(const struct input *self);
void input_step_done(struct input *self);

#endif
