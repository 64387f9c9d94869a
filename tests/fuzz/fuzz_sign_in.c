/* Any bytes as the body of a sign-in, and as a Cookie header. */
#include "base/session.h"
#include "gate/request_header.h"
#include "gate/sign_in.h"
#include "gate/viewer_input.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_cookie(const uint8_t *data, size_t size)
{
	char out[TOKEN_HEX_DIGITS + 1];
	char *header = malloc(size + 1);

	memcpy(header, data, size);
	header[size] = '\0';
	if (cookie_find(header, out) && !is_token(out, strlen(out)))
		abort();
	free(header);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sign_in_form form;
	const char *field;

	as_cookie(data, size);
	if (sign_in_parse((const char *)data, size, &form, &field))
		return 0;
	if (!form.person[0] || !form.password[0] || form.width < SCREEN_WIDTH_MIN ||
	        form.width > SCREEN_WIDTH_MAX || form.height < SCREEN_HEIGHT_MIN ||
	        form.scale < SCREEN_SCALE_MIN || form.scale > SCREEN_SCALE_MAX ||
	        form.height > SCREEN_HEIGHT_MAX ||
	        !is_plain_utf8(form.person, strlen(form.person)) ||
	        !is_plain_utf8(form.password, strlen(form.password)))
		abort();
	return 0;
}
