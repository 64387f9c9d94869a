/* Numbers from text: the one function that parses them. */
#ifndef SHOJI_BASE_NUMBER_H
#define SHOJI_BASE_NUMBER_H

#include <stddef.h>
#include <stdint.h>

/* Decimal digits only: no sign, no space, no leading zero but "0" itself. *out is written on
 * success. SHOJI_ERR_MALFORMED or SHOJI_ERR_LIMIT (outside min..max). */
int number_parse(const char *text, size_t length, uint64_t min, uint64_t max, uint64_t *out);

#endif
