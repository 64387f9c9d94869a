/* From input messages to key and pointer events. The messages come from gate, which has checked them; gate
 * faces terminals, so everything is checked here once more. */
#include "capture/input.h"

#include "base/ensure.h"
#include "base/error.h"
#include "base/session.h"
#include "base/text_door.h"

#define KEY_LEFT_SHIFT 0x2a
#define KEY_RIGHT_SHIFT 0x36
#define KEY_LEFT_CONTROL 0x1d
#define KEY_RIGHT_CONTROL 0x9d
#define KEY_LEFT_ALT 0x38
#define KEY_RIGHT_ALT 0xb8
#define KEY_LEFT_META 0xdb
#define KEY_RIGHT_META 0xdc

/* Which modifiers a key may stand for. The right Alt key is Alt on JIS and US keyboards and AltGr elsewhere: the
 * viewer says which one it means. */
static const struct {
	uint8_t key;
	uint16_t bits;
} modifier_keys[] = {
        {KEY_LEFT_SHIFT, MODIFIER_SHIFT},
        {KEY_RIGHT_SHIFT, MODIFIER_SHIFT},
        {KEY_LEFT_CONTROL, MODIFIER_CONTROL},
        {KEY_RIGHT_CONTROL, MODIFIER_CONTROL},
        {KEY_LEFT_ALT, MODIFIER_ALT},
        {KEY_LEFT_META, MODIFIER_META},
        {KEY_RIGHT_META, MODIFIER_META},
        {KEY_RIGHT_ALT, MODIFIER_ALTGR | MODIFIER_ALT},
};
#define N_MODIFIER_KEYS (sizeof(modifier_keys) / sizeof(modifier_keys[0]))

/* RFB's button masks of the wheel. */
#define WHEEL_UP 0x08
#define WHEEL_DOWN 0x10
#define WHEEL_LEFT 0x20
#define WHEEL_RIGHT 0x40
/* Left, middle and right are the same bits in our messages and in RFB. */
#define BUTTONS_PLAIN (BUTTON_LEFT | BUTTON_MIDDLE | BUTTON_RIGHT)

static void set_pointer(struct input *self, uint8_t buttons);

static uint16_t min_u16(uint16_t a, uint16_t b)
{
	return a < b ? a : b;
}

void input_init(struct input *self, uint16_t width, uint16_t height, bool has_jis_keyboard)
{
	*self = (struct input){
	        .width = width, .height = height, .has_jis_keyboard = has_jis_keyboard};
}

void input_set_size(struct input *self, uint16_t width, uint16_t height)
{
	self->width = width;
	self->height = height;
	if (self->x < width && self->y < height)
		return;
	/* The X server has moved its pointer onto the new screen. Told nothing, it takes that for somebody else's doing, and draws the
	 * cursor into the picture. */
	self->x = min_u16(self->x, (uint16_t)(width - 1));
	self->y = min_u16(self->y, (uint16_t)(height - 1));
	set_pointer(self, self->buttons);
}

void input_place(struct input *self, uint16_t x, uint16_t y)
{
	self->x = x;
	self->y = y;
}

const struct input_step *input_next_step(const struct input *self)
{
	return self->n_steps ? &self->steps[self->first] : NULL;
}

void input_step_done(struct input *self)
{
	ensure(self->n_steps > 0);
	self->first = (self->first + 1) % INPUT_STEPS_MAX;
	self->n_steps--;
}

static void add_step(struct input *self, const struct input_step *step)
{
	/* The driver gives no message before the last one's steps are sent. */
	ensure(self->n_steps < INPUT_STEPS_MAX);
	self->steps[(self->first + self->n_steps++) % INPUT_STEPS_MAX] = *step;
}

static void set_key(struct input *self, uint8_t key, bool is_down)
{
	self->is_held[key] = is_down;
	add_step(self, &(struct input_step){.kind = STEP_KEY, .key = key, .is_down = is_down});
}

static void set_pointer(struct input *self, uint8_t buttons)
{
	add_step(self,
	        &(struct input_step){
	                .kind = STEP_POINTER, .x = self->x, .y = self->y, .buttons = buttons});
}

static int take_sequence(struct input *self, uint32_t sequence)
{
	if (self->has_sequence && sequence != self->sequence + 1)
		return SHOJI_ERR_FORBIDDEN;
	self->has_sequence = true;
	self->sequence = sequence;
	return 0;
}

/* ---- modifiers ---- */

static uint16_t key_modifiers(uint8_t key)
{
	if (key == INPUT_KEY_CAPS_LOCK)
		return MODIFIER_CAPS_LOCK;
	if (key == INPUT_KEY_NUM_LOCK)
		return MODIFIER_NUM_LOCK;
	for (size_t i = 0; i < N_MODIFIER_KEYS; i++)
		if (modifier_keys[i].key == key)
			return modifier_keys[i].bits;
	return 0;
}

/* Lets go of each key that stands for no modifier that the viewer's keyboard holds. */
static void release_surplus(struct input *self, uint16_t modifiers, uint16_t except)
{
	for (size_t i = 0; i < N_MODIFIER_KEYS; i++) {
		uint16_t bits = modifier_keys[i].bits;
		if (self->is_held[modifier_keys[i].key] && !(bits & (modifiers | except)))
			set_key(self, modifier_keys[i].key, false);
	}
}

/* Holds a key for each modifier that is down there and for which none is held here: pressed while the viewer
 * did not have the focus. */
static void press_missing(struct input *self, uint16_t modifiers)
{
	uint16_t missing = modifiers & (uint16_t) ~(MODIFIER_CAPS_LOCK | MODIFIER_NUM_LOCK);

	for (size_t i = 0; i < N_MODIFIER_KEYS; i++)
		if (self->is_held[modifier_keys[i].key])
			missing &= (uint16_t)~modifier_keys[i].bits;
	for (size_t i = 0; i < N_MODIFIER_KEYS; i++) {
		if (!(missing & modifier_keys[i].bits))
			continue;
		set_key(self, modifier_keys[i].key, true);
		missing &= (uint16_t)~modifier_keys[i].bits;
	}
}

static bool has_shift(const struct input *self)
{
	return self->is_held[KEY_LEFT_SHIFT] || self->is_held[KEY_RIGHT_SHIFT];
}

static void tap(struct input *self, uint8_t key)
{
	set_key(self, key, true);
	set_key(self, key, false);
}

/* On a JIS keyboard that key alone is 英数, and only Shift makes it Caps Lock; on others Shift does not matter. */
static void toggle_caps_lock(struct input *self)
{
	bool is_alone = !has_shift(self);

	if (is_alone)
		set_key(self, KEY_LEFT_SHIFT, true);
	tap(self, INPUT_KEY_CAPS_LOCK);
	if (is_alone)
		set_key(self, KEY_LEFT_SHIFT, false);
	self->has_caps_lock = !self->has_caps_lock;
}

/* Brings the host's modifiers to what the viewer's keyboard has; `except` are those that the message itself
 * is about, whose state before and after the event differ (and browsers do not agree on which one they tell). */
static void reconcile(struct input *self, uint16_t modifiers, uint16_t except)
{
	bool has_caps_lock = modifiers & MODIFIER_CAPS_LOCK;
	bool has_num_lock = modifiers & MODIFIER_NUM_LOCK;

	release_surplus(self, modifiers, except);
	if (has_caps_lock != self->has_caps_lock && !(except & MODIFIER_CAPS_LOCK))
		toggle_caps_lock(self);
	if (has_num_lock != self->has_num_lock && !(except & MODIFIER_NUM_LOCK)) {
		tap(self, INPUT_KEY_NUM_LOCK);
		self->has_num_lock = has_num_lock;
	}
	press_missing(self, modifiers & (uint16_t)~except);
}

static uint16_t held_locks(const struct input *self)
{
	return (uint16_t)((self->has_caps_lock ? MODIFIER_CAPS_LOCK : 0) |
	                  (self->has_num_lock ? MODIFIER_NUM_LOCK : 0));
}

/* The locks' own keys are not passed on: their state comes with the next message, and toggling twice would leave the host the
 * other way round for good. 英数 locks nothing. */
static bool is_only_lock(const struct input *self, uint8_t key)
{
	if (key == INPUT_KEY_CAPS_LOCK && self->has_jis_keyboard && !has_shift(self))
		return false;
	return (key == INPUT_KEY_CAPS_LOCK || key == INPUT_KEY_NUM_LOCK) && !self->is_held[key];
}

/* ---- messages ---- */

int input_key(struct input *self, const struct message_input_key *message)
{
	if (take_sequence(self, message->sequence))
		return SHOJI_ERR_FORBIDDEN;
	if (message->key < INPUT_KEY_MIN || message->key > INPUT_KEY_MAX)
		return SHOJI_ERR_FORBIDDEN;
	if (message->modifiers & ~INPUT_MODIFIERS_ALL || message->key == TEXT_DOOR_SENTINEL_KEY)
		return SHOJI_ERR_FORBIDDEN;
	uint8_t key = (uint8_t)message->key;
	uint16_t bits = key_modifiers(key);
	input_sentinel_up(self);
	reconcile(self, message->modifiers, bits);
	if (is_only_lock(self, key))
		return 0;
	/* A repeated press is the viewer's auto-repeat (the host has none of its own); a release of what is not held
	 * is the end of a key that was let go already. */
	if (message->is_down || self->is_held[key])
		set_key(self, key, message->is_down);
	return 0;
}

static void move(struct input *self, uint16_t x, uint16_t y)
{
	/* The viewer may still have another size of the screen: to the edge, then. */
	self->x = x < self->width ? x : (uint16_t)(self->width - 1);
	self->y = y < self->height ? y : (uint16_t)(self->height - 1);
}

static void set_extra_button(struct input *self, uint8_t key, bool is_down)
{
	if (self->is_held[key] != is_down)
		set_key(self, key, is_down);
}

int input_pointer(struct input *self, const struct message_input_pointer *message)
{
	if (take_sequence(self, message->sequence))
		return SHOJI_ERR_FORBIDDEN;
	if (message->buttons & ~INPUT_BUTTONS_ALL || message->modifiers & ~INPUT_MODIFIERS_ALL)
		return SHOJI_ERR_FORBIDDEN;
	reconcile(self, message->modifiers, 0);
	move(self, message->x, message->y);
	self->buttons = message->buttons & BUTTONS_PLAIN;
	set_pointer(self, self->buttons);
	set_extra_button(self, INPUT_KEY_BACK, message->buttons & BUTTON_BACK);
	set_extra_button(self, INPUT_KEY_FORWARD, message->buttons & BUTTON_FORWARD);
	return 0;
}

static void turn_wheel(struct input *self, uint8_t direction, uint8_t notches)
{
	for (uint8_t i = 0; i < notches; i++) {
		set_pointer(self, self->buttons | direction);
		set_pointer(self, self->buttons);
	}
}

int input_wheel(struct input *self, const struct message_input_wheel *message)
{
	if (take_sequence(self, message->sequence))
		return SHOJI_ERR_FORBIDDEN;
	if (message->left > INPUT_WHEEL_MAX || message->right > INPUT_WHEEL_MAX ||
	        message->up > INPUT_WHEEL_MAX || message->down > INPUT_WHEEL_MAX)
		return SHOJI_ERR_FORBIDDEN;
	if (message->modifiers & ~INPUT_MODIFIERS_ALL)
		return SHOJI_ERR_FORBIDDEN;
	reconcile(self, message->modifiers, 0);
	move(self, message->x, message->y);
	turn_wheel(self, WHEEL_UP, message->up);
	turn_wheel(self, WHEEL_DOWN, message->down);
	turn_wheel(self, WHEEL_LEFT, message->left);
	turn_wheel(self, WHEEL_RIGHT, message->right);
	return 0;
}

int input_screen(struct input *self, const struct message_input_screen *message)
{
	if (take_sequence(self, message->sequence))
		return SHOJI_ERR_FORBIDDEN;
	return message->width >= SCREEN_WIDTH_MIN && message->height >= SCREEN_HEIGHT_MIN &&
	                       message->width <= SCREEN_WIDTH_MAX &&
	                       message->height <= SCREEN_HEIGHT_MAX &&
	                       message->scale >= SCREEN_SCALE_MIN &&
	                       message->scale <= SCREEN_SCALE_MAX
	               ? 0
	               : SHOJI_ERR_FORBIDDEN;
}

int input_text(struct input *self, const struct message_input_text *message)
{
	return take_sequence(self, message->sequence);
}

void input_sentinel(struct input *self)
{
	input_sentinel_up(self);
	/* Composing, nobody holds a modifier; one that is held all the same would make another key of it. */
	reconcile(self, held_locks(self), 0);
	set_key(self, TEXT_DOOR_SENTINEL_KEY, true);
}

void input_sentinel_up(struct input *self)
{
	if (self->is_held[TEXT_DOOR_SENTINEL_KEY])
		set_key(self, TEXT_DOOR_SENTINEL_KEY, false);
}

/* Without Caps Lock, which would turn the letters round; the next message's state brings it back. */
void input_type(struct input *self, uint8_t key, bool has_shift)
{
	uint16_t locks = held_locks(self) & MODIFIER_NUM_LOCK;

	input_sentinel_up(self);
	reconcile(self, (uint16_t)(locks | (has_shift ? MODIFIER_SHIFT : 0)), 0);
	tap(self, key);
	reconcile(self, locks, 0);
}

/* Modifiers last: a letter that outlives its Control would be typed by the host's auto-repeat. */
static void let_go(struct input *self)
{
	for (int is_modifier = 0; is_modifier < 2; is_modifier++)
		for (int key = INPUT_KEY_MIN; key <= INPUT_KEY_MAX; key++)
			if (self->is_held[key] && (key_modifiers((uint8_t)key) != 0) == is_modifier)
				set_key(self, (uint8_t)key, false);
	if (self->buttons == 0)
		return;
	self->buttons = 0;
	set_pointer(self, 0);
}

int input_release_all(struct input *self, const struct message_input_release_all *message)
{
	if (take_sequence(self, message->sequence))
		return SHOJI_ERR_FORBIDDEN;
	let_go(self);
	return 0;
}

void input_restart(struct input *self)
{
	self->has_sequence = false;
	let_go(self);
}
