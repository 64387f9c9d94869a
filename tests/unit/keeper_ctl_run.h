/* shojictl as an administrator runs it, against the keeper of a stage. */
#ifndef SHOJI_TESTS_UNIT_KEEPER_CTL_RUN_H
#define SHOJI_TESTS_UNIT_KEEPER_CTL_RUN_H

#include "keeper_stage.h"

#include <stdio.h>

/* What the last one wrote to its standard output and standard error. */
extern char ctl_output[65536], ctl_errors[8192];

/* Starts it with this input; ctl_finish() waits for it: its exit status. */
FILE *ctl_start(struct stage *self, const char *input, const char *arguments);
int ctl_finish(struct stage *self, FILE *pipe);
/* Both; ctl(): without input. */
int ctl_with(struct stage *self, const char *input, const char *arguments);
int ctl(struct stage *self, const char *arguments);

bool ctl_says(const char *text);
bool ctl_complains(const char *text);
/* ctl_output as JSON; fails the test when it is none. */
json_t *ctl_parsed(void);

#endif
