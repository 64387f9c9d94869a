/* Input: the events that messages become, modifiers brought to the viewer's state, and what is refused. */
#include "unit/suite.h"

#include "base/error.h"
#include "base/session.h"
#include "base/text_door.h"
#include "capture/input.h"

#include <stdio.h>
#include <string.h>

#define KEY_A 0x1e

static struct input input;
static uint32_t sequence;
static char text[8192];

static void begin(void)
{
	input_init(&input, 1280, 800, false);
	sequence = 41;
}

static void begin_jis(void)
{
	input_init(&input, 1280, 800, true);
	sequence = 41;
}

/* The steps as text: +2a -2a for keys, 10,20:1 for the pointer. */
static const char *steps(void)
{
	const struct input_step *step;
	size_t at = 0;

	text[0] = 0;
	while ((step = input_next_step(&input))) {
		if (step->kind == STEP_KEY)
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%c%02x",
			        at ? " " : "", step->is_down ? '+' : '-', step->key);
		else
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%u,%u:%02x",
			        at ? " " : "", step->x, step->y, step->buttons);
		input_step_done(&input);
	}
	return text;
}

static const char *key(uint16_t key_number, bool is_down, uint16_t modifiers)
{
	const struct message_input_key message = {++sequence, key_number, is_down, modifiers, 0};

	ck_assert_int_eq(input_key(&input, &message), 0);
	return steps();
}

static const char *pointer(uint16_t x, uint16_t y, uint8_t buttons, uint16_t modifiers)
{
	const struct message_input_pointer message = {++sequence, x, y, buttons, modifiers, 0};

	ck_assert_int_eq(input_pointer(&input, &message), 0);
	return steps();
}

static const char *release_all(void)
{
	const struct message_input_release_all message = {.sequence = ++sequence};

	ck_assert_int_eq(input_release_all(&input, &message), 0);
	return steps();
}

START_TEST(keys)
{
	begin();
	ck_assert_str_eq(key(KEY_A, true, 0), "+1e");
	ck_assert_str_eq(key(KEY_A, true, 0), "+1e"); /* auto-repeat */
	ck_assert_str_eq(key(KEY_A, false, 0), "-1e");
	ck_assert_str_eq(key(KEY_A, false, 0), "");
	ck_assert_str_eq(key(0x9c, true, 0), "+9c");
	ck_assert_str_eq(key(0xff, true, 0), "+ff");
}
END_TEST

START_TEST(modifier_keys_themselves)
{
	begin();
	/* Browsers differ: a press may come with or without its own bit. */
	ck_assert_str_eq(key(0x2a, true, 0), "+2a");
	ck_assert_str_eq(key(KEY_A, true, MODIFIER_SHIFT), "+1e");
	ck_assert_str_eq(key(0x2a, false, MODIFIER_SHIFT), "-2a");
	ck_assert_str_eq(key(0x36, true, MODIFIER_SHIFT), "+36");
	ck_assert_str_eq(key(0x2a, true, MODIFIER_SHIFT), "+2a");
	ck_assert_str_eq(key(0x36, false, MODIFIER_SHIFT), "-36");
	ck_assert_str_eq(key(KEY_A, false, MODIFIER_SHIFT), "-1e");
	ck_assert_str_eq(key(0x2a, false, 0), "-2a");
}
END_TEST

START_TEST(modifiers_are_reconciled)
{
	begin();
	ck_assert_str_eq(key(0x2a, true, MODIFIER_SHIFT), "+2a");
	ck_assert_str_eq(key(KEY_A, true, 0), "-2a +1e"); /* released while we did not look */
	ck_assert_str_eq(pointer(1, 2, BUTTON_LEFT, MODIFIER_CONTROL), "+1d 1,2:01");
	ck_assert_str_eq(pointer(1, 2, 0, MODIFIER_CONTROL), "1,2:00");
	ck_assert_str_eq(pointer(1, 2, 0, 0), "-1d 1,2:00");
	ck_assert_str_eq(key(KEY_A, false, MODIFIER_SHIFT | MODIFIER_ALT | MODIFIER_META),
	        "+2a +38 +db -1e");
	ck_assert_str_eq(pointer(1, 2, 0, MODIFIER_ALT), "-2a -db 1,2:00");
	ck_assert_str_eq(pointer(1, 2, 0, 0), "-38 1,2:00");
}
END_TEST

START_TEST(right_alt_is_what_the_viewer_says)
{
	begin();
	ck_assert_str_eq(key(0xb8, true, MODIFIER_ALT), "+b8");
	ck_assert_str_eq(key(KEY_A, true, MODIFIER_ALT), "+1e");
	ck_assert_str_eq(key(KEY_A, false, MODIFIER_ALTGR), "-1e");
	ck_assert_str_eq(key(KEY_A, true, 0), "-b8 +1e");
	ck_assert_str_eq(key(KEY_A, false, MODIFIER_ALTGR), "+b8 -1e");
	/* Held as AltGr it is no Alt besides. */
	ck_assert_str_eq(key(0x38, true, MODIFIER_ALTGR), "+38");
	ck_assert_str_eq(pointer(0, 0, 0, MODIFIER_ALTGR), "-38 0,0:00");
	ck_assert_str_eq(key(0xb8, false, MODIFIER_ALTGR), "-b8");
}
END_TEST

START_TEST(locks_follow_the_viewer)
{
	begin();
	ck_assert_str_eq(key(KEY_A, true, MODIFIER_CAPS_LOCK), "+2a +3a -3a -2a +1e");
	ck_assert_str_eq(key(KEY_A, false, MODIFIER_CAPS_LOCK), "-1e");
	/* The lock's own key is not passed on, whatever its message says of the lock. */
	ck_assert_str_eq(key(0x3a, true, 0), "");
	ck_assert_str_eq(key(0x3a, false, MODIFIER_CAPS_LOCK), "");
	ck_assert_str_eq(key(KEY_A, true, MODIFIER_CAPS_LOCK), "+1e");
	ck_assert_str_eq(key(KEY_A, false, MODIFIER_NUM_LOCK), "+2a +3a -3a -2a +45 -45 -1e");
	ck_assert_str_eq(key(0x2a, true, MODIFIER_NUM_LOCK | MODIFIER_SHIFT), "+2a");
	ck_assert_str_eq(key(KEY_A, true, MODIFIER_SHIFT | MODIFIER_CAPS_LOCK | MODIFIER_NUM_LOCK),
	        "+3a -3a +1e");
	ck_assert_str_eq(pointer(3, 4, 0, 0), "-2a +2a +3a -3a -2a +45 -45 3,4:00");
}
END_TEST

START_TEST(eisu_of_a_jis_keyboard_is_a_key)
{
	begin_jis();
	ck_assert_str_eq(key(0x3a, true, 0), "+3a");
	/* Let go whatever is held by then, and never left down. */
	ck_assert_str_eq(key(0x2a, true, MODIFIER_SHIFT), "+2a");
	ck_assert_str_eq(key(0x3a, false, MODIFIER_SHIFT), "-3a");
	/* With Shift it is Caps Lock, whose state comes with the next message. */
	ck_assert_str_eq(key(0x3a, true, MODIFIER_SHIFT), "");
	ck_assert_str_eq(key(0x3a, false, MODIFIER_SHIFT | MODIFIER_CAPS_LOCK), "");
	ck_assert_str_eq(key(KEY_A, true, MODIFIER_SHIFT | MODIFIER_CAPS_LOCK), "+3a -3a +1e");
}
END_TEST

START_TEST(pointer_and_buttons)
{
	begin();
	ck_assert_str_eq(pointer(5, 6, BUTTON_LEFT, 0), "5,6:01");
	ck_assert_str_eq(pointer(5, 6, BUTTON_LEFT | BUTTON_MIDDLE | BUTTON_RIGHT, 0), "5,6:07");
	ck_assert_str_eq(pointer(65535, 65535, 0, 0), "1279,799:00");
	ck_assert_str_eq(pointer(0, 0, BUTTON_BACK, 0), "0,0:00 +ea");
	ck_assert_str_eq(pointer(0, 0, BUTTON_BACK | BUTTON_FORWARD, 0), "0,0:00 +e9");
	ck_assert_str_eq(pointer(0, 0, 0, 0), "0,0:00 -ea -e9");
	input_set_size(&input, 320, 240);
	ck_assert_str_eq(pointer(500, 500, 0, 0), "319,239:00");
}
END_TEST

START_TEST(wheel)
{
	begin();
	ck_assert_str_eq(pointer(5, 6, BUTTON_RIGHT, 0), "5,6:04");
	const struct message_input_wheel message = {
	        ++sequence, 7, 8, .left = 1, .right = 1, .up = 2, .down = 1, .modifiers = 0};
	ck_assert_int_eq(input_wheel(&input, &message), 0);
	ck_assert_str_eq(steps(), "7,8:0c 7,8:04 7,8:0c 7,8:04 7,8:14 7,8:04 7,8:24 7,8:04 7,8:44 "
	                          "7,8:04");
}
END_TEST

/* The longest that one message can make fits the room that the driver keeps. */
START_TEST(longest_messages)
{
	begin();
	const struct message_input_wheel message = {.sequence = ++sequence,
	        .left = INPUT_WHEEL_MAX,
	        .right = INPUT_WHEEL_MAX,
	        .up = INPUT_WHEEL_MAX,
	        .down = INPUT_WHEEL_MAX,
	        .modifiers = INPUT_MODIFIERS_ALL};
	ck_assert_int_eq(input_wheel(&input, &message), 0);
	ck_assert_uint_le(input.n_steps, INPUT_STEPS_PER_MESSAGE_MAX);
	steps();
	for (uint16_t i = INPUT_KEY_MIN; i <= INPUT_KEY_MAX; i++)
		if (i != TEXT_DOOR_SENTINEL_KEY)
			key(i, true, 0);
	const struct message_input_release_all release = {.sequence = ++sequence};
	ck_assert_int_eq(input_release_all(&input, &release), 0);
	ck_assert_uint_gt(input.n_steps, 200);
	ck_assert_uint_le(input.n_steps, INPUT_STEPS_PER_MESSAGE_MAX);
}
END_TEST

START_TEST(everything_is_released)
{
	begin();
	key(0x1d, true, MODIFIER_CONTROL);
	key(KEY_A, true, MODIFIER_CONTROL);
	pointer(9, 9, BUTTON_LEFT | BUTTON_BACK, MODIFIER_CONTROL);
	ck_assert_str_eq(release_all(), "-1e -ea -1d 9,9:00");
	ck_assert_str_eq(release_all(), "");
	key(KEY_A, true, 0);
	input_restart(&input);
	ck_assert_str_eq(steps(), "-1e");
}
END_TEST

START_TEST(sequence_rises_by_one)
{
	static const int64_t wrong[] = {0, 2, -1, 1000, INT32_MAX};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		begin();
		key(KEY_A, true, 0);
		const struct message_input_release_all message = {
		        .sequence = (uint32_t)(sequence + wrong[i])};
		ck_assert_int_eq(input_release_all(&input, &message), SHOJI_ERR_FORBIDDEN);
		ck_assert_str_eq(steps(), "");
	}
	begin();
	sequence = UINT32_MAX - 1;
	ck_assert_str_eq(key(KEY_A, true, 0), "+1e");
	ck_assert_str_eq(key(KEY_A, false, 0), "-1e"); /* 0 follows the largest */
	sequence = 1000;
	input_restart(&input);
	ck_assert_str_eq(key(KEY_A, true, 0), "+1e");
	const struct message_input_text message = {.sequence = sequence + 2};
	ck_assert_int_eq(input_text(&input, &message), SHOJI_ERR_FORBIDDEN);
}
END_TEST

START_TEST(values_out_of_range)
{
	const struct message_input_key keys_out[] = {{1, 0, true, 0, 0}, {1, 256, true, 0, 0},
	        {1, KEY_A, true, 0x80, 0}, {1, TEXT_DOOR_SENTINEL_KEY, true, 0, 0}};
	const struct message_input_pointer pointers_out[] = {
	        {1, 0, 0, 0x20, 0, 0}, {1, 0, 0, 0, 0x8000, 0}};
	const struct message_input_wheel wheels_out[] = {{.sequence = 1, .left = 33},
	        {.sequence = 1, .right = 33}, {.sequence = 1, .up = 255},
	        {.sequence = 1, .down = 33}, {.sequence = 1, .modifiers = 0x100}};

	for (size_t i = 0; i < 4; i++) {
		begin();
		ck_assert_int_eq(input_key(&input, &keys_out[i]), SHOJI_ERR_FORBIDDEN);
	}
	for (size_t i = 0; i < 2; i++) {
		begin();
		ck_assert_int_eq(input_pointer(&input, &pointers_out[i]), SHOJI_ERR_FORBIDDEN);
	}
	for (size_t i = 0; i < 5; i++) {
		begin();
		ck_assert_int_eq(input_wheel(&input, &wheels_out[i]), SHOJI_ERR_FORBIDDEN);
	}
}
END_TEST

/* Down until the page has drawn the text; and never beside another key. */
START_TEST(sentinel)
{
	begin();
	input_sentinel(&input);
	ck_assert_str_eq(steps(), "+f4");
	input_sentinel_up(&input);
	input_sentinel_up(&input);
	ck_assert_str_eq(steps(), "-f4");
	input_sentinel(&input);
	input_sentinel(&input);
	ck_assert_str_eq(steps(), "+f4 -f4 +f4");
	ck_assert_str_eq(key(KEY_A, true, 0), "-f4 +1e");
	input_sentinel(&input);
	ck_assert_str_eq(steps(), "+f4");
	input_type(&input, KEY_A, true);
	ck_assert_str_eq(steps(), "-f4 +2a +1e -1e -2a");
	input_sentinel(&input);
	steps();
	input_restart(&input);
	ck_assert_str_eq(steps(), "-f4");
}
END_TEST

int main(void)
{
	return SUITE_RUN("capture input", keys, modifier_keys_themselves, modifiers_are_reconciled,
	        right_alt_is_what_the_viewer_says, locks_follow_the_viewer,
	        eisu_of_a_jis_keyboard_is_a_key, pointer_and_buttons, wheel, longest_messages,
	        everything_is_released, sequence_rises_by_one, values_out_of_range, sentinel);
}
