/* Reads the sign-in form, before anybody is known: limits on size and depth come first, then jansson. */
#include "gate/sign_in.h"

#include "base/error.h"
#include "base/session.h"
#include "gate/viewer_input.h"

#include <jansson.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void wipe_and_free(void *memory)
{
	if (!memory)
		return;
	explicit_bzero(memory, malloc_usable_size(memory));
	free(memory);
}

void sign_in_init(void)
{
	json_set_alloc_funcs(malloc, wipe_and_free);
	json_object_seed(0);
}

/* The form is flat: one object, no array. Looked at before jansson recurses into anything. */
static bool is_flat(const char *body, size_t length)
{
	bool is_string = false;
	unsigned objects = 0;

	for (size_t i = 0; i < length; i++) {
		if (is_string && body[i] == '\\')
			i++;
		else if (body[i] == '"')
			is_string = !is_string;
		else if (!is_string && (body[i] == '[' || (body[i] == '{' && ++objects > 1)))
			return false;
	}
	return objects == 1;
}

static int get_text(json_t *object, const char *name, size_t max, char *out)
{
	json_t *value = json_object_get(object, name);
	size_t length = json_string_length(value);

	if (!json_is_string(value) || length == 0 || length > max ||
	        !is_plain_utf8(json_string_value(value), length))
		return SHOJI_ERR_MALFORMED;
	memcpy(out, json_string_value(value), length + 1);
	return 0;
}

static int get_number(
        json_t *object, const char *name, json_int_t min, json_int_t max, uint16_t *out)
{
	json_t *value = json_object_get(object, name);
	json_int_t number = json_integer_value(value);

	if (!json_is_integer(value) || number < min || number > max)
		return SHOJI_ERR_MALFORMED;
	*out = (uint16_t)number;
	return 0;
}

/* The name of the first wrong field, or NULL. */
static const char *read_fields(json_t *object, struct sign_in_form *out)
{
	if (get_text(object, "person", SIGN_IN_PERSON_MAX, out->person) ||
	        strpbrk(out->person, "\t\n"))
		return "person";
	if (get_text(object, "password", SIGN_IN_PASSWORD_MAX, out->password))
		return "password";
	if (get_number(object, "width", SCREEN_WIDTH_MIN, SCREEN_WIDTH_MAX, &out->width))
		return "width";
	if (get_number(object, "height", SCREEN_HEIGHT_MIN, SCREEN_HEIGHT_MAX, &out->height))
		return "height";
	if (get_number(object, "scale", SCREEN_SCALE_MIN, SCREEN_SCALE_MAX, &out->scale))
		return "scale";
	return json_object_size(object) == 5 ? NULL : "";
}

int sign_in_parse(const char *body, size_t length, struct sign_in_form *out, const char **field)
{
	struct sign_in_form form = {0};
	const char *wrong = "";

	if (length <= SIGN_IN_BODY_MAX && is_flat(body, length)) {
		json_t *object = json_loadb(body, length, JSON_REJECT_DUPLICATES, NULL);
		if (json_is_object(object))
			wrong = read_fields(object, &form);
		json_decref(object);
	}
	if (wrong)
		*field = wrong;
	else
		*out = form;
	explicit_bzero(&form, sizeof(form));
	return wrong ? SHOJI_ERR_MALFORMED : 0;
}
