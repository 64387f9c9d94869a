/* What every Check program of ours ends with: run one suite without forking surprises, say how it
 * went. */
#ifndef SHOJI_TESTS_UNIT_SUITE_H
#define SHOJI_TESTS_UNIT_SUITE_H

#include <check.h>
#include <stdlib.h>

static inline int suite_run(const char *name, const TTest *const *tests, size_t n_tests)
{
	Suite *suite = suite_create(name);
	TCase *cases = tcase_create(name);
	SRunner *runner = srunner_create(suite);

	for (size_t i = 0; i < n_tests; i++)
		tcase_add_test(cases, tests[i]);
	tcase_set_timeout(cases, 540); /* for what hangs; a busy machine is slow */
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_NORMAL);
	int n_failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* In main: return SUITE_RUN("name", test_a, test_b); */
#define SUITE_RUN(name, ...)                                                                       \
	suite_run(name, (const TTest *const[]){__VA_ARGS__},                                       \
	        sizeof((const TTest *const[]){__VA_ARGS__}) / sizeof(const TTest *))

#endif
