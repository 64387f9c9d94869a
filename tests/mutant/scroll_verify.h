#ifndef SHOJI_TESTS_MUTANT_SCROLL_VERIFY_H
#define SHOJI_TESTS_MUTANT_SCROLL_VERIFY_H

#include <stdint.h>

extern uint32_t mutant_n_reversed; /* moves whose copies were said in the wrong order */

#endif
