/* Any bytes as any message between roles: u16 number, then fields. What is accepted is written
 * again and has to come out the same. */
#include "base/error.h"
#include "base/message.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t written[MESSAGE_SIZE_MAX];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > MESSAGE_SIZE_MAX)
		return 0;
	struct message in = {
	        .number = (uint16_t)(data[0] | data[1] << 8), .data = data + 2, .length = size - 2};
	const struct message_rule *rule = message_rule_find(in.number);
	if (!rule)
		return 0;
	in.n_fds = rule->n_fds;
	for (size_t i = 0; i < in.n_fds; i++)
		in.fds[i] = -1;
	switch (in.number) {
#define M(id, name, NAME, link, sender, phases, times)                                             \
	case id: {                                                                                 \
		struct message_##name value;                                                       \
		struct bytes_writer writer;                                                        \
		int fds[MESSAGE_FDS_MAX];                                                          \
		size_t n_fds;                                                                      \
		if (message_get_##name(&in, &value))                                               \
			return 0;                                                                  \
		bytes_writer_init(&writer, written, sizeof(written));                              \
		if (message_put_##name(&writer, &value, fds, &n_fds))                              \
			abort();                                                                   \
		if (writer.length != size - 2 + MESSAGE_HEADER_BYTES ||                            \
		        (size > 2 &&                                                               \
		                memcmp(written + MESSAGE_HEADER_BYTES, data + 2, size - 2) != 0))  \
			abort();                                                                   \
		break;                                                                             \
	}
		SHOJI_MESSAGES(M)
#undef M
	}
	return 0;
}
