/* Text on its way into the isolated host, against an agent that this test plays: whole items, claims, lies and silence. */
#include "unit/suite.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/loop.h"
#include "base/text_door.h"
#include "capture/ascii_keys.h"
#include "capture/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct loop *loop;
static struct text *text;
static int agent;
static char told[8192]; /* what text told, in order */

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
	size_t at = strlen(told);
	va_list values;

	va_start(values, format);
	vsnprintf(told + at, sizeof(told) - at, format, values);
	va_end(values);
}

static void on_sentinel(void *data)
{
	(void)data;
	note("S ");
}

static void on_type(void *data, uint8_t key, bool has_shift)
{
	(void)data;
	note("%s%02x ", has_shift ? "^" : "", key);
}

static void on_outcome(void *data, uint32_t number, enum text_outcome outcome)
{
	(void)data;
	note("%u=%d ", number, (int)outcome);
}

static void on_idle(void *data)
{
	(void)data;
	note("idle ");
}

static void on_caret(void *data, uint16_t x, uint16_t y, uint16_t width, uint16_t height)
{
	(void)data;
	note("caret %u,%u %ux%u ", x, y, width, height);
}

static void on_takes_text(void *data, bool takes_text)
{
	(void)data;
	note("takes %d ", takes_text);
}

static void on_lost(void *data)
{
	(void)data;
	note("lost ");
}

static void on_broken(void *data)
{
	(void)data;
	note("broken ");
}

static const struct text_events events = {.on_sentinel = on_sentinel,
        .on_type = on_type,
        .on_outcome = on_outcome,
        .on_idle = on_idle,
        .on_caret = on_caret,
        .on_takes_text = on_takes_text,
        .on_lost = on_lost,
        .on_broken = on_broken};

static void begin(void)
{
	int ends[2];

	told[0] = '\0';
	loop = loop_new();
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	agent = ends[0];
	text = text_new(loop, ends[1], true, &events, NULL);
	ck_assert_ptr_nonnull(text);
}

static void finish(void)
{
	text_free(text);
	loop_free(loop);
	close(agent);
}

static void turn_until(const char *expected, int deadline_ms)
{
	uint64_t end_ms = clock_now_ms() + (uint64_t)deadline_ms;

	while (strcmp(told, expected) != 0 && clock_now_ms() < end_ms)
		loop_turn(loop, 20);
	ck_assert_str_eq(told, expected);
	told[0] = '\0';
}

static void give(uint32_t number, bool is_commit, const char *words)
{
	static struct message_input_text message;

	message = (struct message_input_text){.text_number = number, .is_commit = is_commit};
	snprintf(message.text, sizeof(message.text), "%s", words);
	ck_assert_int_eq(text_begin(text, &message), 0);
}

static void say(uint8_t kind, uint8_t value, uint32_t number)
{
	uint8_t record[TEXT_DOOR_RECORD_BYTES] = {kind, value};
	struct bytes_writer writer;

	bytes_writer_init(&writer, record + 4, 4);
	bytes_put_u32(&writer, number);
	ck_assert_int_eq(write(agent, record, sizeof(record)), sizeof(record));
}

/* The next item's kind and number; its text in out. */
static uint8_t hear(uint32_t *number, char *out)
{
	uint8_t head[TEXT_DOOR_ITEM_BYTES];
	struct bytes_reader reader;

	ck_assert_int_eq(recv(agent, head, sizeof(head), MSG_WAITALL), sizeof(head));
	bytes_reader_init(&reader, head, sizeof(head));
	uint8_t kind = bytes_get_u8(&reader);
	ck_assert_uint_eq(bytes_get_u8(&reader), 0);
	bytes_get_u16(&reader);
	*number = bytes_get_u32(&reader);
	uint16_t length = bytes_get_u16(&reader);
	if (length > 0)
		ck_assert_int_eq(recv(agent, out, length, MSG_WAITALL), length);
	out[length] = '\0';
	return kind;
}

START_TEST(claimed)
{
	char words[64];
	uint32_t number;

	begin();
	ck_assert(text_is_idle(text));
	give(7, true, "漢字");
	ck_assert(!text_is_idle(text));
	turn_until("S ", 100);
	ck_assert_uint_eq(hear(&number, words), TEXT_DOOR_COMMIT);
	ck_assert_uint_eq(number, 7);
	ck_assert_str_eq(words, "漢字");
	say(TEXT_DOOR_CLAIMED, 0, 6); /* another's */
	say(TEXT_DOOR_CLAIMED, 0, 7);
	turn_until("7=0 idle ", 500);
	say(TEXT_DOOR_CLAIMED, 0, 7); /* twice */
	say(TEXT_DOOR_TAKES_TEXT, 1, 0);
	turn_until("takes 1 ", 500);
	finish();
}
END_TEST

START_TEST(preedit_gets_no_outcome)
{
	begin();
	give(1, false, "か");
	say(TEXT_DOOR_CLAIMED, 0, 1);
	turn_until("S idle ", 500);
	give(2, false, "かん");
	say(TEXT_DOOR_UNCLAIMED, 0, 2);
	turn_until("S idle ", 500);
	finish();
}
END_TEST

/* The field's focus may come a moment after the click: the sentinel goes again before the text is given up. */
START_TEST(unclaimed_is_tried_again_then_refused)
{
	char words[64];
	uint32_t number;

	begin();
	give(3, true, "字");
	for (int i = 0; i < TEXT_TRIES_UNTYPABLE_MAX; i++) {
		turn_until("S ", 1000);
		say(TEXT_DOOR_UNCLAIMED, 0, 3);
	}
	turn_until("3=1 idle ", 1000);
	ck_assert_uint_eq(hear(&number, words), TEXT_DOOR_COMMIT);
	ck_assert_uint_eq(hear(&number, words), TEXT_DOOR_CANCEL);
	ck_assert_uint_eq(number, 3);
	finish();
}
END_TEST

START_TEST(half_width_is_tried_less_often_then_typed)
{
	begin();
	give(3, true, "a");
	for (int i = 0; i < TEXT_TRIES_MAX; i++) {
		turn_until("S ", 1000);
		say(TEXT_DOOR_UNCLAIMED, 0, 3);
	}
	turn_until("1e ", 1000);
	text_typed(text);
	turn_until("3=0 idle ", 100);
	finish();
}
END_TEST

/* No pause is waited out: the second sentinel is there in the same turn. An agent that says it again and again gains nothing. */
START_TEST(a_field_that_gets_the_focus_is_tried_at_once)
{
	begin();
	give(3, true, "字");
	turn_until("S ", 100);
	say(TEXT_DOOR_TAKES_TEXT, 1, 0); /* the sentinel is still on its way */
	turn_until("takes 1 ", 100);
	say(TEXT_DOOR_UNCLAIMED, 0, 3);
	say(TEXT_DOOR_TAKES_TEXT, 0, 0);
	turn_until("takes 0 ", 100);
	say(TEXT_DOOR_TAKES_TEXT, 1, 0);
	say(TEXT_DOOR_TAKES_TEXT, 1, 0);
	loop_turn(loop, 0);
	ck_assert_str_eq(told, "takes 1 S takes 1 ");
	told[0] = '\0';
	say(TEXT_DOOR_CLAIMED, 0, 3);
	turn_until("3=0 idle ", 500);
	finish();
}
END_TEST

START_TEST(half_width_is_typed)
{
	begin();
	shutdown(agent, SHUT_RDWR); /* no agent at all */
	loop_turn(loop, 10);
	give(4, true, "aB\"");
	turn_until("lost 1e ", 100);
	text_typed(text);
	turn_until("^30 ", 100);
	text_typed(text);
	turn_until("^03 ", 100);
	text_typed(text);
	turn_until("4=0 idle ", 100);
	give(5, true, "aあ");
	turn_until("5=1 idle ", 100);
	finish();
}
END_TEST

START_TEST(silence_is_a_refusal)
{
	begin();
	give(6, true, "静");
	turn_until("S ", 100);
	turn_until("6=1 idle ", TEXT_DEADLINE_MS + 500);
	finish();
}
END_TEST

START_TEST(whoever_composed_is_gone)
{
	char words[64];
	uint32_t number;

	begin();
	give(1, false, "か");
	say(TEXT_DOOR_CLAIMED, 0, 1);
	turn_until("S idle ", 500);
	ck_assert_uint_eq(hear(&number, words), TEXT_DOOR_PREEDIT);
	text_abandon(text); /* what is shown is taken away */
	turn_until("S ", 100);
	ck_assert_uint_eq(hear(&number, words), TEXT_DOOR_PREEDIT);
	ck_assert_str_eq(words, "");
	say(TEXT_DOOR_CLAIMED, 0, number);
	turn_until("idle ", 500);
	give(2, true, "漢");
	text_abandon(text); /* what is on its way is cancelled */
	ck_assert(text_is_idle(text));
	ck_assert_uint_eq(hear(&number, words), TEXT_DOOR_COMMIT);
	ck_assert_uint_eq(hear(&number, words), TEXT_DOOR_CANCEL);
	ck_assert_uint_eq(number, 2);
	finish();
}
END_TEST

static void crash(void)
{
	close(agent);
	agent = -1;
}

static void come_back(void)
{
	int ends[2];

	ck_assert_int_eq(
	        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
	agent = ends[0];
	ck_assert_int_eq(text_set_door(text, ends[1]), 0);
}

/* What was with it may be in the page or not: refused, never typed as well. */
START_TEST(the_agent_crashes_with_a_text)
{
	char words[64];
	uint32_t number;

	begin();
	give(1, true, "a1");
	turn_until("S ", 100);
	crash();
	turn_until("lost 1=1 idle ", 500);
	give(2, true, "漢");
	turn_until("2=1 idle ", 100);
	give(3, true, "a"); /* nobody else can have put it in */
	text_typed(text);
	turn_until("1e 3=0 idle ", 100);
	come_back();
	give(4, true, "漢");
	turn_until("S ", 100);
	ck_assert_uint_eq(hear(&number, words), TEXT_DOOR_COMMIT);
	ck_assert_uint_eq(number, 4);
	say(TEXT_DOOR_CLAIMED, 0, 4);
	turn_until("4=0 idle ", 500);
	finish();
}
END_TEST

/* The one that comes next is told the scale again, and takes away what is still shown. */
START_TEST(the_agent_crashes_with_a_preedit)
{
	char words[64];
	uint32_t number;

	begin();
	text_set_scale(text, 80);
	give(1, false, "か");
	say(TEXT_DOOR_CLAIMED, 0, 1);
	turn_until("S idle ", 500);
	crash();
	turn_until("lost ", 500);
	text_abandon(text);
	ck_assert(text_is_idle(text));
	come_back();
	turn_until("S ", 100);
	ck_assert_uint_eq(hear(&number, words), TEXT_DOOR_SCALE);
	ck_assert_uint_eq(number, 80);
	ck_assert_uint_eq(hear(&number, words), TEXT_DOOR_PREEDIT);
	ck_assert_str_eq(words, "");
	say(TEXT_DOOR_CLAIMED, 0, number);
	turn_until("idle ", 500);
	crash();
	turn_until("lost ", 500);
	come_back();
	ck_assert(text_is_idle(text));
	finish();
}
END_TEST

START_TEST(lies_end_the_session)
{
	static const uint8_t lies[][TEXT_DOOR_RECORD_BYTES] = {{0}, {TEXT_DOOR_NEXT}, {255},
	        {TEXT_DOOR_TAKES_TEXT, 2}, {TEXT_DOOR_CARET, 0, 1}, {TEXT_DOOR_CLAIMED, 0, 0, 1}};

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		begin();
		ck_assert_int_eq(write(agent, lies[i], 5), 5);
		loop_turn(loop, 10);
		ck_assert_str_eq(told, "");
		ck_assert_int_eq(write(agent, lies[i] + 5, 7), 7);
		turn_until("broken ", 200);
		finish();
	}
}
END_TEST

START_TEST(a_flood_ends_the_session)
{
	begin();
	for (int i = 0; i <= TEXT_RECORDS_PER_WINDOW_MAX && !strstr(told, "broken"); i++) {
		told[0] = '\0';
		say(TEXT_DOOR_CARET, 0, 1);
		if (i % 100 == 0)
			text_new_window(text);
		if (i % 50 == 49)
			loop_turn(loop, 0);
	}
	ck_assert(!strstr(told, "broken"));
	for (int i = 0; i <= TEXT_RECORDS_PER_WINDOW_MAX && !strstr(told, "broken"); i++) {
		told[0] = '\0';
		say(TEXT_DOOR_CARET, 0, 1);
		if (i % 50 == 49)
			loop_turn(loop, 0);
	}
	ck_assert_ptr_nonnull(strstr(told, "broken"));
	finish();
}
END_TEST

START_TEST(limits)
{
	static struct message_input_text message;
	static const uint8_t clauses[TEXT_DOOR_CLAUSES_MAX * TEXT_DOOR_CLAUSE_BYTES + 5];

	begin();
	memset(message.text, 'a', TEXT_DOOR_CHARACTERS_MAX + 1);
	ck_assert_int_eq(text_begin(text, &message), SHOJI_ERR_FORBIDDEN);
	message.text[0] = '\0';
	message.clauses = clauses;
	message.clauses_length = 4;
	ck_assert_int_eq(text_begin(text, &message), SHOJI_ERR_FORBIDDEN);
	message.clauses_length = sizeof(clauses);
	ck_assert_int_eq(text_begin(text, &message), SHOJI_ERR_FORBIDDEN);
	finish();
	begin();
	shutdown(agent, SHUT_RDWR);
	loop_turn(loop, 10);
	told[0] = '\0';
	message = (struct message_input_text){.is_commit = true, .text_number = 1};
	for (size_t i = 0; i < TEXT_DOOR_CHARACTERS_MAX; i++)
		memcpy(message.text + 3 * i, "漢", 3);
	for (uint32_t sum = TEXT_DOOR_CHARACTERS_MAX; sum <= TEXT_CHARACTERS_PER_MINUTE_MAX;
	        sum += TEXT_DOOR_CHARACTERS_MAX) {
		ck_assert_int_eq(text_begin(text, &message), 0);
		turn_until("1=1 idle ", 100);
	}
	ck_assert_int_eq(text_begin(text, &message), 0);
	turn_until("1=2 ", 100);
	ck_assert(text_is_idle(text));
	finish();
}
END_TEST

/* Told once each time that it changes, through the same door. */
START_TEST(scale)
{
	char words[TEXT_DOOR_TEXT_MAX + 1];
	uint32_t number;

	begin();
	text_set_scale(text, 80);
	text_set_scale(text, 80);
	text_set_scale(text, 64);
	ck_assert_uint_eq(hear(&number, words), TEXT_DOOR_SCALE);
	ck_assert_uint_eq(number, 80);
	ck_assert_uint_eq(hear(&number, words), TEXT_DOOR_SCALE);
	ck_assert_uint_eq(number, 64);
	give(1, true, "漢");
	ck_assert_uint_eq(hear(&number, words), TEXT_DOOR_COMMIT);
	finish();
}
END_TEST

/* An item larger than the socket's buffer is written in parts, and only then marked. */
START_TEST(a_slow_agent)
{
	static char words[TEXT_DOOR_TEXT_MAX + 1];
	char big[4096 * 3 + 1];
	uint32_t number;
	int small = 4096;

	begin();
	setsockopt(agent, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	for (size_t i = 0; i < 4096; i++)
		memcpy(big + 3 * i, "語", 4);
	/* Nobody reads these, so the socket is full some time. */
	for (uint32_t i = 1; i < 40 && text_is_idle(text); i++) {
		give(i, true, big);
		if (strstr(told, "S "))
			say(TEXT_DOOR_CLAIMED, 0, i);
		loop_turn(loop, 10);
		if (!strstr(told, "S "))
			break;
		told[0] = '\0';
	}
	ck_assert_str_eq(told, "");
	ck_assert(!text_is_idle(text));
	for (int i = 0; i < 60 && !strstr(told, "S "); i++) {
		hear(&number, words);
		loop_turn(loop, 5);
	}
	ck_assert_str_eq(told, "S ");
	finish();
}
END_TEST

START_TEST(keys_of_both_keyboards)
{
	struct ascii_key key;

	for (int is_jis = 0; is_jis < 2; is_jis++)
		for (char c = ' '; c < 0x7f; c++)
			ck_assert_msg(ascii_key_find(c, is_jis, &key), "%c", c);
	ck_assert(!ascii_key_find('\0', true, &key));
	ck_assert(!ascii_key_find('\x1b', true, &key));
	ck_assert(!ascii_key_find((char)0xe3, false, &key));
	ck_assert(ascii_key_find('@', true, &key) && key.key == 0x1a && !key.has_shift);
	ck_assert(ascii_key_find('@', false, &key) && key.key == 0x03 && key.has_shift);
	ck_assert(ascii_key_find('_', true, &key) && key.key == 0x73 && key.has_shift);
	ck_assert(ascii_key_find('|', true, &key) && key.key == 0x7d && key.has_shift);
	ck_assert(ascii_key_find('`', false, &key) && key.key == 0x29 && !key.has_shift);
}
END_TEST

int main(void)
{
	return SUITE_RUN("capture text", claimed, preedit_gets_no_outcome,
	        unclaimed_is_tried_again_then_refused, half_width_is_tried_less_often_then_typed,
	        a_field_that_gets_the_focus_is_tried_at_once, half_width_is_typed,
	        silence_is_a_refusal, whoever_composed_is_gone, the_agent_crashes_with_a_text,
	        the_agent_crashes_with_a_preedit, lies_end_the_session, a_flood_ends_the_session,
	        limits, a_slow_agent, scale, keys_of_both_keyboards);
}
