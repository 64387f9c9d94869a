/* Any bytes as a WebSocket message of a viewer: what is accepted is within its ranges. */
#include "base/session.h"
#include "gate/viewer_input.h"
#include "stream/wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct viewer_message out;

static void must(bool is_right)
{
	if (!is_right)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (viewer_message_parse(data, size, &out))
		return 0;
	switch (out.kind) {
	case VIEWER_MESSAGE_HELLO:
		must(is_token(out.hello.token, strlen(out.hello.token)) &&
		        out.hello.version_min <= out.hello.version_max);
		break;
	case VIEWER_MESSAGE_KEY:
		must(out.key.key >= INPUT_KEY_MIN && out.key.key <= INPUT_KEY_MAX &&
		        out.key.modifiers <= INPUT_MODIFIERS_ALL);
		break;
	case VIEWER_MESSAGE_POINTER:
		must(out.pointer.buttons <= INPUT_BUTTONS_ALL &&
		        out.pointer.modifiers <= INPUT_MODIFIERS_ALL);
		break;
	case VIEWER_MESSAGE_WHEEL:
		must(out.wheel.left <= INPUT_WHEEL_MAX && out.wheel.right <= INPUT_WHEEL_MAX &&
		        out.wheel.up <= INPUT_WHEEL_MAX && out.wheel.down <= INPUT_WHEEL_MAX);
		break;
	case VIEWER_MESSAGE_TEXT:
		must(out.text.length <= VIEWER_TEXT_MAX &&
		        is_plain_utf8(out.text.text, out.text.length));
		break;
	case VIEWER_MESSAGE_SCREEN:
		must(out.screen.width >= 1 && out.screen.width <= SCREEN_WIDTH_MAX);
		must(out.screen.height >= 1 && out.screen.height <= SCREEN_HEIGHT_MAX);
		must(out.screen.scale >= SCREEN_SCALE_MIN && out.screen.scale <= SCREEN_SCALE_MAX);
		break;
	case VIEWER_MESSAGE_ACK:
		must(!out.ack.has_answer || (out.ack.took >= 1 && out.ack.took <= WIRE_ANSWER_MAX));
		break;
	case VIEWER_MESSAGE_SKIP:
	case VIEWER_MESSAGE_PING:
	case VIEWER_MESSAGE_TOLD:
	case VIEWER_MESSAGE_VIDEO:
	case VIEWER_MESSAGE_RELEASE_ALL:
		break;
	}
	return 0;
}
