/* Writes gate's own messages to a viewer. */
#include "gate/viewer_output.h"

#include "base/bytes.h"
#include "base/ensure.h"
#include "stream/wire.h"

#define NAME_MAX_BYTES 128
#define TEXT_MAX_BYTES 256
#define TOKEN_MAX_BYTES 64
#define NOT_ATTACHED 0xff

static void begin(struct bytes_writer *writer, uint8_t *out, uint8_t type)
{
	bytes_writer_init(writer, out, VIEWER_OUTPUT_MAX);
	bytes_put_u8(writer, WIRE_KIND(WIRE_CONTROL, type));
}

static size_t end(const struct bytes_writer *writer)
{
	ensure(!writer->error); /* the strings' maxima add up to less */
	return writer->length;
}

size_t viewer_output_welcome(
        uint8_t *out, uint8_t state, const char *token, const char *display_name)
{
	struct bytes_writer writer;

	begin(&writer, out, WIRE_CONTROL_WELCOME);
	bytes_put_u16(&writer, WIRE_VERSION);
	bytes_put_u8(&writer, state);
	bytes_put_string(&writer, token, TOKEN_MAX_BYTES);
	bytes_put_string(&writer, display_name, NAME_MAX_BYTES);
	return end(&writer);
}

size_t viewer_output_state(uint8_t *out, uint8_t state)
{
	struct bytes_writer writer;

	begin(&writer, out, WIRE_CONTROL_STATE);
	bytes_put_u8(&writer, state);
	return end(&writer);
}

size_t viewer_output_notice(uint8_t *out, uint8_t notice, const char *text)
{
	struct bytes_writer writer;

	begin(&writer, out, WIRE_CONTROL_NOTICE);
	bytes_put_u8(&writer, notice);
	bytes_put_string(&writer, text, TEXT_MAX_BYTES);
	return end(&writer);
}

size_t viewer_output_ended(uint8_t *out, uint8_t reason)
{
	struct bytes_writer writer;

	begin(&writer, out, WIRE_CONTROL_ENDED);
	bytes_put_u8(&writer, reason);
	return end(&writer);
}

size_t viewer_output_not_attached(uint8_t *out, uint8_t outcome)
{
	struct bytes_writer writer;

	begin(&writer, out, WIRE_CONTROL_ENDED);
	bytes_put_u8(&writer, NOT_ATTACHED);
	bytes_put_u8(&writer, outcome);
	return end(&writer);
}

size_t viewer_output_watched(uint8_t *out, uint32_t number, const char *administrator)
{
	struct bytes_writer writer;

	begin(&writer, out, WIRE_CONTROL_WATCHED);
	bytes_put_u32(&writer, number);
	bytes_put_string(&writer, administrator, NAME_MAX_BYTES);
	return end(&writer);
}

size_t viewer_output_pong(uint8_t *out, uint32_t nonce)
{
	struct bytes_writer writer;

	begin(&writer, out, WIRE_CONTROL_PONG);
	bytes_put_u32(&writer, nonce);
	return end(&writer);
}
