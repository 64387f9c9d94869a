/* A real browser in a real isolated host, without a broker: this test plays egress at the proxy door and serves the page that
 * the browser starts with. The page looks at itself and reports what it found. */
#include "isolation/test_host.h"

#include "base/loop.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define START_PAGE "http://shoji.test/start"
#define FORWARDER "/run/shoji/bin/shoji-guest-forward"
#define REQUESTS_MAX 64
#define LINE_MAX_BYTES 2048

static struct test_host host;
static char requests[REQUESTS_MAX][LINE_MAX_BYTES]; /* request lines, as they came to the door */
static size_t n_requests;
static uint64_t begin_ms;

/* What it reports: language, time zone, screen, addresses that WebRTC tells, whether it could read a file. The
 * request to loopback must come to the door as well: nothing goes past the proxy. */
static const char page[] =
        "<!doctype html><html lang=ja><meta charset=utf-8><title>検査</title>"
        "<h1>髙﨑𠮷野家 葛󠄀飾区</h1><a id=d href=/file.zip "
        "download=file.zip>x</a><script>\n"
        "document.getElementById('d').click();\n"
        "let candidates = 0;\n"
        "const rtc = new RTCPeerConnection({iceServers: [{urls: 'stun:192.0.2.9:3478'}]});\n"
        "rtc.onicecandidate = e => { if (e.candidate && e.candidate.candidate) candidates++; };\n"
        "rtc.createDataChannel('x');\n"
        "rtc.createOffer().then(o => rtc.setLocalDescription(o));\n"
        "setTimeout(() => fetch('/report?' + new URLSearchParams({\n"
        "  language: navigator.language, zone: Intl.DateTimeFormat().resolvedOptions().timeZone,\n"
        "  screen: screen.width + 'x' + screen.height, inner: innerWidth + 'x' + innerHeight,\n"
        "  ratio: devicePixelRatio, candidates: candidates,\n"
        "  online: navigator.onLine,\n"
        "  han: document.fonts.check('16px \"Noto Sans CJK JP\"')}))\n"
        "  .then(() => location = 'http://127.0.0.1:8765/loopback'), 1500);\n"
        "</script>";

static void answer(int fd, const char *line)
{
	char head[256];
	bool is_page = strstr(line, "/start ") != NULL;
	const char *body = is_page ? page : "PK";
	const char *type = is_page ? "text/html; charset=utf-8" : "application/zip";

	snprintf(head, sizeof(head),
	        "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: "
	        "close\r\n\r\n",
	        strncmp(line, "CONNECT ", 8) == 0 ? "403 Forbidden" : "200 OK", type, strlen(body));
	send(fd, head, strlen(head), MSG_NOSIGNAL);
	send(fd, body, strlen(body), MSG_NOSIGNAL);
}

static void serve_one(void)
{
	char line[LINE_MAX_BYTES] = "";
	struct timeval soon = {.tv_sec = 1};
	int fd = accept4(host.door, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon));
	if (recv(fd, line, sizeof(line) - 1, 0) > 0) {
		line[strcspn(line, "\r\n")] = '\0';
		fprintf(stderr, "%5llu ms %s\n", (unsigned long long)(clock_now_ms() - begin_ms),
		        line);
		if (n_requests < REQUESTS_MAX)
			strcpy(requests[n_requests++], line);
		answer(fd, line);
	}
	shutdown(fd, SHUT_WR);
	close(fd);
}

static const char *find_request(const char *begin)
{
	for (size_t i = 0; i < n_requests; i++)
		if (strncmp(requests[i], begin, strlen(begin)) == 0)
			return requests[i];
	return NULL;
}

/* Plays egress until the request came. */
static const char *serve_until(const char *begin, int timeout_ms)
{
	uint64_t deadline_ms = clock_now_ms() + (uint64_t)timeout_ms;
	struct pollfd ready = {.fd = host.door, .events = POLLIN};

	while (!find_request(begin) && clock_now_ms() < deadline_ms) {
		if (poll(&ready, 1, 100) > 0)
			serve_one();
		test_host_renew(&host, 30);
	}
	return find_request(begin);
}

static void start(bool is_kiosk)
{
	struct test_host_options options = test_host_options();

	options.program_folder = PRODUCT_FOLDER;
	options.start_page = START_PAGE;
	options.is_kiosk = is_kiosk;
	options.width = 1024;
	options.height = 600;
	options.home_mib = 256;
	begin_ms = clock_now_ms();
	ck_assert_msg(test_host_start(&host, &options), "%s", host.detail);
	fprintf(stderr, "%5llu ms hello\n", (unsigned long long)(clock_now_ms() - begin_ms));
}

static void expect_rfb(void)
{
	char version[13] = "";
	int fd = test_host_connect_rfb(&host);
	struct pollfd ready = {.fd = fd, .events = POLLIN};

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(poll(&ready, 1, 10000), 1);
	ck_assert_int_eq(read(fd, version, 12), 12);
	ck_assert_str_eq(version, "RFB 003.008\n");
	fprintf(stderr, "%5llu ms RFB\n", (unsigned long long)(clock_now_ms() - begin_ms));
	close(fd);
}

static unsigned long long status_number(pid_t pid, const char *key)
{
	char path[64], line[256];
	unsigned long long value = 0;
	size_t length = strlen(key);

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	FILE *file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, key, length) == 0)
			value = strtoull(line + length, NULL, 10);
	if (file)
		fclose(file);
	return value;
}

static ino_t namespace_of(pid_t pid, const char *kind)
{
	struct stat status = {0};
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, kind);
	ck_assert_int_eq(stat(path, &status), 0);
	return status.st_ino;
}

static pid_t find_browser(void)
{
	pid_t init = test_find_child(host.host_pid, "/run/shoji/bin/shoji-guest-init");

	return init ? test_find_child(init, "/usr/lib/chromium/chromium") : 0;
}

/* Chromium's own sandbox, nested in ours: namespaces of its own and a filter of its own on top of ours. */
static void expect_own_sandbox(void)
{
	pid_t browser = find_browser();
	pid_t renderer = test_find_below(host.shepherd_pid, "--type=renderer");

	ck_assert_int_gt(browser, 0);
	ck_assert_int_gt(renderer, 0);
	ck_assert_int_eq(test_find_below(host.shepherd_pid, "--no-sandbox"), 0);
	ck_assert_uint_ne(namespace_of(renderer, "user"), namespace_of(browser, "user"));
	ck_assert_uint_ne(namespace_of(renderer, "pid"), namespace_of(browser, "pid"));
	ck_assert_uint_gt(status_number(renderer, "Seccomp_filters:"),
	        status_number(browser, "Seccomp_filters:"));
	ck_assert_uint_ge(status_number(browser, "Seccomp_filters:"), 1);
}

/* Chromium makes the folder; what it downloaded would lie in it. */
static void expect_no_download(void)
{
	char path[64];
	const struct dirent *entry;

	snprintf(path, sizeof(path), "/proc/%d/root/home/user/Downloads", (int)find_browser());
	DIR *folder = opendir(path);
	ck_assert_ptr_nonnull(folder);
	while ((entry = readdir(folder)))
		ck_assert_msg(entry->d_name[0] == '.', "%s was downloaded", entry->d_name);
	closedir(folder);
}

/* Every destination is logged in the name of a person: the browser itself must not have any. */
static void expect_nothing_of_its_own(void)
{
	for (size_t i = 0; i < n_requests; i++)
		ck_assert_msg(strstr(requests[i], " http://shoji.test/") ||
		                      strstr(requests[i], " http://127.0.0.1:8765/"),
		        "%s", requests[i]);
}

/* The backstop of the limits group. */
static void expect_task_limit(void)
{
	char path[64], line[256];
	unsigned soft = 0, hard = 0;

	snprintf(path, sizeof(path), "/proc/%d/limits", (int)find_browser());
	FILE *file = fopen(path, "re");
	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file))
		sscanf(line, "Max processes %u %u", &soft, &hard);
	fclose(file);
	ck_assert_uint_eq(soft, host.options.tasks);
	ck_assert_uint_eq(hard, host.options.tasks);
}

START_TEST(shows_the_start_page_under_its_policies)
{
	start(false);
	expect_rfb();
	ck_assert_ptr_nonnull(serve_until("GET " START_PAGE " ", 15000));
	const char *report = serve_until("GET http://shoji.test/report?", 10000);
	ck_assert_ptr_nonnull(report);
	ck_assert_ptr_nonnull(strstr(report, "language=ja&"));
	ck_assert_ptr_nonnull(strstr(report, "zone=Asia%2FTokyo&"));
	ck_assert_ptr_nonnull(strstr(report, "screen=1024x600&"));
	/* Maximised, below tabs and an address bar. */
	ck_assert_ptr_nonnull(strstr(report, "inner=1024x5"));
	ck_assert_ptr_nonnull(strstr(report, "ratio=1&"));
	ck_assert_ptr_nonnull(strstr(report, "candidates=0&"));
	/* Pages that look at it would not even try. */
	ck_assert_ptr_nonnull(strstr(report, "online=true&"));
	ck_assert_ptr_nonnull(serve_until("GET http://127.0.0.1:8765/loopback ", 3000));
	expect_own_sandbox();
	expect_task_limit();
	expect_no_download();
	expect_nothing_of_its_own();
	ck_assert(test_host_finish(&host));
}
END_TEST

START_TEST(kiosk_has_the_whole_screen)
{
	start(true);
	const char *report = serve_until("GET http://shoji.test/report?", 25000);
	ck_assert_ptr_nonnull(report);
	ck_assert_ptr_nonnull(strstr(report, "inner=1024x600&"));
	/* Told to end from within an engine: its first process ends, and says so. */
	pid_t init = test_find_child(host.host_pid, "/run/shoji/bin/shoji-guest-init");
	ck_assert_int_eq(kill(init, SIGTERM), 0);
	ck_assert(test_host_wait_ended(&host, 5000));
	ck_assert_ptr_nonnull(strstr(host.detail, "ended when told"));
	ck_assert(test_host_finish(&host));
}
END_TEST

START_TEST(a_crashed_browser_is_started_again)
{
	start(false);
	ck_assert_ptr_nonnull(serve_until("GET " START_PAGE " ", 15000));
	pid_t browser = find_browser();
	ck_assert_int_gt(browser, 0);
	ck_assert_int_eq(kill(browser, SIGKILL), 0);
	n_requests = 0;
	ck_assert_ptr_nonnull(serve_until("GET " START_PAGE " ", 15000));
	ck_assert_int_ne(find_browser(), browser);
	ck_assert_ptr_nonnull(serve_until("GET http://shoji.test/report?", 10000));
	/* So does the forwarder. */
	pid_t forwarder = test_find_below(host.shepherd_pid, FORWARDER);
	ck_assert_int_eq(kill(forwarder, SIGKILL), 0);
	usleep(1000000);
	ck_assert_int_gt(test_find_below(host.shepherd_pid, FORWARDER), 0);
	/* Not so the screen: with it the host ends. */
	ck_assert_int_eq(
	        kill(test_find_below(host.shepherd_pid, "/usr/bin/Xtigervnc"), SIGKILL), 0);
	ck_assert(test_host_wait_ended(&host, 5000));
	ck_assert_int_eq(host.reason, END_HOST_EXITED);
	ck_assert_ptr_nonnull(strstr(host.detail, "Xvnc ended"));
	ck_assert(test_host_finish(&host));
}
END_TEST

int main(int argc, char *argv[])
{
	int status;

	if (test_host_is_shepherd(argc, argv, &status))
		return status;
	Suite *suite = suite_create("browser");
	TCase *cases = tcase_create("browser");
	tcase_add_test(cases, shows_the_start_page_under_its_policies);
	tcase_add_test(cases, kiosk_has_the_whole_screen);
	tcase_add_test(cases, a_crashed_browser_is_started_again);
	tcase_set_timeout(cases, 120);
	suite_add_tcase(suite, cases);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int n_failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
