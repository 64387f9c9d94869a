/* What the isolated host's input agent says to capture: any bytes, in pieces, between texts that come and go. */
#include "base/loop.h"
#include "base/text_door.h"
#include "capture/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct text *text;
static bool is_broken;

static void on_nothing(void *data)
{
	(void)data;
}

static void on_type(void *data, uint8_t key, bool has_shift)
{
	(void)data;
	(void)has_shift;
	if (key == 0 || key == TEXT_DOOR_SENTINEL_KEY)
		abort();
}

static void on_outcome(void *data, uint32_t number, enum text_outcome outcome)
{
	(void)data;
	/* Only what was given is answered, and only once it is over. */
	if (number != 0x01010101 || outcome > TEXT_OUTCOME_MAX || !text_is_idle(text))
		abort();
}

static void on_caret(void *data, uint16_t x, uint16_t y, uint16_t width, uint16_t height)
{
	(void)data;
	(void)(x + y + width + height);
}

static void on_takes_text(void *data, bool takes_text)
{
	(void)data;
	(void)takes_text;
}

static void on_broken(void *data)
{
	(void)data;
	is_broken = true;
}

static const struct text_events events = {.on_sentinel = on_nothing,
        .on_type = on_type,
        .on_outcome = on_outcome,
        .on_idle = on_nothing,
        .on_caret = on_caret,
        .on_takes_text = on_takes_text,
        .on_lost = on_nothing,
        .on_broken = on_broken};

static void give(bool is_commit)
{
	static struct message_input_text message;

	message = (struct message_input_text){.text_number = 0x01010101, .is_commit = is_commit};
	strcpy(message.text, is_commit ? "a1" : "漢");
	if (text_is_idle(text))
		text_begin(text, &message);
}

/* Another agent, with or without the last one's end having been noticed. */
static int come_back(int *agent)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
		return -1;
	close(*agent);
	*agent = ends[0];
	return text_set_door(text, ends[1]);
}

/* A byte n below 250: so many of the following bytes are said. 250 and above: a text begins, is abandoned, a key has gone, or the
 * agent. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct loop *loop = loop_new();
	int ends[2];

	if (!loop || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return 0;
	is_broken = false;
	text = text_new(loop, ends[1], true, &events, NULL);
	while (text && size > 0 && !is_broken) {
		size_t n = *data++;
		size--;
		if (n == 255)
			text_abandon(text);
		else if (n == 254)
			text_typed(text);
		else if (n == 253) {
			if (come_back(&ends[0]))
				break;
		} else if (n >= 250)
			give(n & 1);
		else {
			n = n < size ? n : size;
			if (send(ends[0], data, n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
				break;
			data += n;
			size -= n;
		}
		loop_turn(loop, 0);
	}
	text_free(text);
	loop_free(loop);
	close(ends[0]);
	return 0;
}
