/* Decimal numbers out of foreign text. */
#include "base/number.h"

#include "base/error.h"

int number_parse(const char *text, size_t length, uint64_t min, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	if (length == 0 || (length > 1 && text[0] == '0'))
		return SHOJI_ERR_MALFORMED;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return SHOJI_ERR_MALFORMED;
		if (__builtin_mul_overflow(value, 10u, &value) ||
		        __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
			return SHOJI_ERR_LIMIT;
	}
	if (value < min || value > max)
		return SHOJI_ERR_LIMIT;
	*out = value;
	return 0;
}
