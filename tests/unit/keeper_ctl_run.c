/* Runs the real shojictl against the keeper of the stage, and reads what it prints. */
#include "keeper_ctl_run.h"

#include "suite.h"

#include <stdio.h>
#include <string.h>

char ctl_output[65536], ctl_errors[8192];

static void read_all(const struct stage *self, const char *name, char *out, size_t size)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", self->folder, name);
	FILE *file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	size_t n = fread(out, 1, size - 1, file);
	out[n] = '\0';
	fclose(file);
}

/* Starts `shojictl --socket ... ARGUMENTS` with input on standard input. setsid: no terminal to ask at. */
FILE *ctl_start(struct stage *self, const char *input, const char *arguments)
{
	char command[2048];

	snprintf(command, sizeof(command),
	        "printf '%s' | setsid -w %s --lang en --socket %s/control.sock %s >%s/out "
	        "2>%s/err; "
	        "echo $?",
	        input, SHOJICTL, self->folder, arguments, self->folder, self->folder);
	FILE *pipe = popen(command, "r");
	ck_assert_ptr_nonnull(pipe);
	return pipe;
}

int ctl_finish(struct stage *self, FILE *pipe)
{
	int status = -1;

	ck_assert_int_eq(fscanf(pipe, "%d", &status), 1);
	pclose(pipe);
	read_all(self, "out", ctl_output, sizeof(ctl_output));
	read_all(self, "err", ctl_errors, sizeof(ctl_errors));
	return status;
}

int ctl_with(struct stage *self, const char *input, const char *arguments)
{
	return ctl_finish(self, ctl_start(self, input, arguments));
}

int ctl(struct stage *self, const char *arguments)
{
	return ctl_with(self, "", arguments);
}

bool ctl_says(const char *text)
{
	return strstr(ctl_output, text) != NULL;
}

bool ctl_complains(const char *text)
{
	return strstr(ctl_errors, text) != NULL;
}

json_t *ctl_parsed(void)
{
	json_error_t error;
	json_t *value = json_loads(ctl_output, JSON_DECODE_ANY, &error);

	ck_assert_msg(value != NULL, "not JSON: %s\n%s", error.text, ctl_output);
	return value;
}
