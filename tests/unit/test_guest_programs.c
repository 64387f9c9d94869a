/* shoji-guest-init's parts: its options, the command lines, and the back-off. */
#include "base/error.h"
#include "guest/programs.h"
#include "guest/service.h"
#include "unit/suite.h"

#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>

static int read_options(struct guest_options *out, const char *a, const char *b, const char *c,
        const char *d, const char *e)
{
	const char *const argv[] = {
	        "init", "--tasks=100", "--text-door=5", "--scale=96", a, b, c, d, e};
	int argc = e ? 9 : d ? 8 : 7;

	return guest_options_read(out, argc, (char *const *)(void *)argv);
}

START_TEST(options_are_checked)
{
	struct guest_options options;

	ck_assert_int_eq(read_options(&options, "--width=1280", "--height=800", "--keyboard=jp",
	                         "--start-page=https://example.test/", NULL),
	        0);
	ck_assert_int_eq(options.width_px, 1280);
	ck_assert_int_eq(options.height_px, 800);
	ck_assert_int_eq(options.scale, 96);
	ck_assert(!options.is_kiosk);
	ck_assert_int_eq(read_options(&options, "--width=1280", "--height=800", "--keyboard=us",
	                         "--start-page=x", "--kiosk"),
	        0);
	ck_assert(options.is_kiosk);
	ck_assert_int_eq(
	        read_options(&options, "--width=1280", "--height=800", "--keyboard=jp", NULL, NULL),
	        SHOJI_ERR_CONFIG);
	ck_assert_int_eq(read_options(&options, "--width=0", "--height=800", "--keyboard=jp",
	                         "--start-page=x", NULL),
	        SHOJI_ERR_CONFIG);
	ck_assert_int_eq(read_options(&options, "--width=1280", "--height=8000", "--keyboard=jp",
	                         "--start-page=x", NULL),
	        SHOJI_ERR_CONFIG);
	ck_assert_int_eq(read_options(&options, "--width=1280", "--height=800", "--keyboard=fr",
	                         "--start-page=x", NULL),
	        SHOJI_ERR_CONFIG);
	ck_assert_int_eq(read_options(&options, "--width=1280", "--height=800", "--keyboard=jp",
	                         "--start-page=x", "--tasks=0"),
	        SHOJI_ERR_CONFIG);
	/* What begins with a dash would become an option of the browser's. */
	ck_assert_int_eq(read_options(&options, "--width=1280", "--height=800", "--keyboard=jp",
	                         "--start-page=--no-sandbox", NULL),
	        SHOJI_ERR_CONFIG);
	ck_assert_int_eq(read_options(&options, "--width=1280", "--height=800", "--keyboard=jp",
	                         "--start-page=x", "--surprise"),
	        SHOJI_ERR_CONFIG);
	for (size_t i = 0; i < 2; i++)
		ck_assert_int_eq(
		        read_options(&options, "--width=1280", "--height=800", "--keyboard=jp",
		                "--start-page=x", i ? "--scale=257" : "--scale=31"),
		        SHOJI_ERR_CONFIG);
}
END_TEST

static bool has(const struct service *service, const char *argument)
{
	for (size_t i = 0; service->arguments[i]; i++)
		if (strcmp(service->arguments[i], argument) == 0)
			return true;
	return false;
}

START_TEST(command_lines)
{
	struct guest_options options = {.width_px = 1024,
	        .height_px = 600,
	        .scale = 96,
	        .keyboard = "jp",
	        .start_page = "https://a.test/"};
	static struct programs programs;
	const struct service *browser = &programs.services[PROGRAM_BROWSER];

	programs_init(&programs, &options);
	ck_assert(has(&programs.services[PROGRAM_XVNC], "1024x600"));
	ck_assert(has(&programs.services[PROGRAM_XVNC], "-RawKeyboard=1"));
	ck_assert_int_eq(programs.services[PROGRAM_XVNC].stdin_fd, 0);
	ck_assert(has(&programs.services[PROGRAM_KEYBOARD], "jp106"));
	ck_assert(has(&programs.services[PROGRAM_AGENT], "96"));
	ck_assert(has(browser, "--window-size=1024,600"));
	ck_assert(has(browser, "https://a.test/"));
	ck_assert(!has(browser, "--kiosk"));
	/* The browser's own sandbox is a wall of ours. */
	ck_assert(!has(browser, "--no-sandbox"));
	options.is_kiosk = true;
	options.keyboard = "us";
	programs_init(&programs, &options);
	ck_assert(has(browser, "--kiosk"));
	ck_assert(has(&programs.services[PROGRAM_KEYBOARD], "pc105"));
}
END_TEST

START_TEST(back_off_doubles_and_forgets)
{
	struct service service = {.arguments = {"/bin/true"}, .stdin_fd = -1};
	uint64_t now_ms = 1000;

	for (uint64_t expected = SERVICE_BACKOFF_MIN_MS; expected < 40000; expected *= 2) {
		uint64_t wait_ms =
		        expected < SERVICE_BACKOFF_MAX_MS ? expected : SERVICE_BACKOFF_MAX_MS;
		service.started_ms = now_ms;
		service_ended(&service, now_ms + 10);
		ck_assert_int_eq(service_tend(&service, now_ms + 10), (int)wait_ms);
		now_ms += 10 + wait_ms;
	}
	service.started_ms = now_ms;
	service_ended(&service, now_ms + SERVICE_WELL_AFTER_MS);
	ck_assert_int_eq(
	        service_tend(&service, now_ms + SERVICE_WELL_AFTER_MS), SERVICE_BACKOFF_MIN_MS);
}
END_TEST

START_TEST(starts_when_its_time_has_come)
{
	struct service service = {.arguments = {"/bin/true"}, .stdin_fd = -1};
	int status;

	service_ended(&service, 0);
	ck_assert_int_eq(service_tend(&service, SERVICE_BACKOFF_MIN_MS - 1), 1);
	ck_assert_int_eq(service.pid, 0);
	ck_assert_int_eq(service_tend(&service, SERVICE_BACKOFF_MIN_MS), -1);
	ck_assert_int_gt(service.pid, 0);
	ck_assert_int_eq(waitpid(service.pid, &status, 0), service.pid);
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

int main(void)
{
	return SUITE_RUN("guest-programs", options_are_checked, command_lines,
	        back_off_doubles_and_forgets, starts_when_its_time_has_come);
}
