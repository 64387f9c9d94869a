/* The small parts of monitor: the session's states, listeners, the viewer's files, the browser's policies. */
#include "base/assets.h"
#include "base/error.h"
#include "monitor/accounts_lock.h"
#include "monitor/films.h"
#include "monitor/listen.h"
#include "monitor/policies.h"
#include "monitor/run_folder.h"
#include "monitor/session_state.h"
#include "monitor/uid_kill.h"
#include "monitor/viewer_files.h"
#include "unit/suite.h"

#include <fcntl.h>
#include <stdbool.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- films ---- */

START_TEST(test_films)
{
	bool plays[1500] = {false};
	struct films films;

	films_init(&films, 100, 40);
	ck_assert_uint_eq(films_share_permille(&films), 400);
	for (uint32_t n = 1; n <= 1500; n++) {
		films_set(&films, &plays[n - 1], true);
		films_set(&films, &plays[n - 1], true); /* said twice, counted once */
		ck_assert_uint_eq(films.n_playing, n);
		uint32_t share = films_share_permille(&films);
		ck_assert_uint_ge(share, 1);
		ck_assert_uint_le(share, 400);
		ck_assert_msg(share == 1 || share * n <= 1000, "%u of %u", share, n);
	}
	for (uint32_t n = 1500; n > 0; n--) {
		films_set(&films, &plays[n - 1], false);
		films_set(&films, &plays[n - 1], false);
	}
	ck_assert_uint_eq(films.n_playing, 0);
	ck_assert_uint_eq(films_share_permille(&films), 400);
	films_init(&films, 10, 100);
	ck_assert_uint_eq(films_share_permille(&films), 100);
}
END_TEST

/* ---- states ---- */

START_TEST(test_usual_life)
{
	static const enum session_state life[] = {SESSION_NEW, SESSION_HOST_STARTING,
	        SESSION_CONNECTING, SESSION_WORKERS_STARTING, SESSION_PICTURE_AWAITED,
	        SESSION_RUNNING, SESSION_ENDING, SESSION_OVER};

	for (size_t i = 0; i + 1 < sizeof(life) / sizeof(life[0]); i++)
		ck_assert(session_state_may_follow(life[i], life[i + 1]));
	ck_assert(session_state_may_follow(SESSION_NEW, SESSION_ADOPTING));
	ck_assert(session_state_may_follow(SESSION_ADOPTING, SESSION_CONNECTING));
}
END_TEST

START_TEST(test_states_in_numbers)
{
	int n_allowed = 0;

	for (int from = 0; from < SESSION_N_STATES; from++) {
		ck_assert(!session_state_may_follow((enum session_state)from, SESSION_NEW));
		ck_assert(!session_state_may_follow(
		        (enum session_state)from, (enum session_state)from));
		ck_assert(!session_state_may_follow(SESSION_OVER, (enum session_state)from));
		bool may_end = session_state_may_follow((enum session_state)from, SESSION_ENDING);
		ck_assert(may_end == (from != SESSION_ENDING && from != SESSION_OVER));
		ck_assert(session_state_may_follow((enum session_state)from, SESSION_OVER) ==
		          (from == SESSION_ENDING));
		for (int to = 0; to < SESSION_N_STATES; to++)
			n_allowed += session_state_may_follow(
			        (enum session_state)from, (enum session_state)to);
		ck_assert_str_ne(session_state_text((enum session_state)from), "?");
	}
	/* 7 to ENDING, 1 to OVER, 7 forward: one more would be a way that nobody thought of. */
	ck_assert_int_eq(n_allowed, 15);
}
END_TEST

/* ---- listeners ---- */

static void check_listens(const char *address, const char *url_begins)
{
	char url[LISTEN_URL_MAX];
	int fd;

	ck_assert_int_eq(listen_tcp(address, &fd), 0);
	ck_assert_int_eq(listen_url(fd, url), 0);
	ck_assert_msg(!strncmp(url, url_begins, strlen(url_begins)), "%s", url);
	ck_assert_str_ne(strrchr(url, ':'), ":0");
	close(fd);
}

START_TEST(test_listen_tcp)
{
	check_listens("127.0.0.1:0", "https://127.0.0.1:");
	check_listens("[::1]:0", "https://[::1]:");
}
END_TEST

START_TEST(test_listen_refuses)
{
	static const char *const wrong[] = {"", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
	        "127.0.0.1:-1", "127.0.0.1:8 ", "localhost:0", "::1:0", "[127.0.0.1:0", "[]:0",
	        "1.2.3:0", "127.0.0.1:0x1", "[::1]0"};
	int fd;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_msg(listen_tcp(wrong[i], &fd) == SHOJI_ERR_CONFIG, "%s", wrong[i]);
}
END_TEST

START_TEST(test_port_taken)
{
	char url[LISTEN_URL_MAX];
	int first, second;

	ck_assert_int_eq(listen_tcp("127.0.0.1:0", &first), 0);
	ck_assert_int_eq(listen_url(first, url), 0);
	ck_assert_int_eq(listen_tcp(url + strlen("https://"), &second), SHOJI_ERR_SYSTEM);
	close(first);
}
END_TEST

/* ---- the viewer's files ---- */

static char base[64];

static void put(const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", base, name);
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

START_TEST(test_viewer_files)
{
	char complaint[512];
	char path[256];
	struct assets *assets;
	int fd;

	snprintf(base, sizeof(base), "/tmp/shoji-viewer-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(base));
	snprintf(path, sizeof(path), "%s/lib", base);
	mkdir(path, 0700);
	put("lib/stream.wasm", "wasm");
	ck_assert_int_eq(
	        viewer_files_load(base, &fd, complaint, sizeof(complaint)), SHOJI_ERR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(complaint, "index.html"));
	put("index.html", "<p>");
	put("notes.bak", "not to be published");
	put(".secret.html", "not to be published");
	snprintf(path, sizeof(path), "%s/passwd.txt", base);
	ck_assert_int_eq(symlink("/etc/passwd", path), 0);
	ck_assert_int_eq(viewer_files_load(base, &fd, complaint, sizeof(complaint)), 0);
	ck_assert_int_eq(assets_open(fd, &assets), 0);
	close(fd);
	ck_assert_uint_eq(assets_count(assets), 2);
	ck_assert_str_eq(
	        assets_find(assets, "index.html")->content_type, "text/html; charset=utf-8");
	ck_assert_str_eq(assets_find(assets, "lib/stream.wasm")->content_type, "application/wasm");
	assets_free(assets);
	ck_assert_int_eq(folder_remove(base, 2), 0);
}
END_TEST

/* ---- policies ---- */

START_TEST(test_policies)
{
	char *text;

	ck_assert_int_eq(policies_make("{\"A\": 1}\n", "", &text), 0);
	ck_assert_str_eq(text, "{\"A\": 1}\n");
	free(text);
	ck_assert_int_eq(policies_make("{\"A\": 1}",
	                         "of the cloud\n-----BEGIN CERTIFICATE-----\nMIIB\r\nAA==\n"
	                         "-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\nMIIC\n"
	                         "-----END CERTIFICATE-----\n",
	                         &text),
	        0);
	ck_assert_str_eq(text, "{\"A\": 1,\"CACertificates\":[\"MIIBAA==\",\"MIIC\"]}\n");
	free(text);
}
END_TEST

START_TEST(test_policies_refuse)
{
	static const char *const wrong[] = {"no certificate", "-----BEGIN CERTIFICATE-----\nMIIB",
	        "-----BEGIN CERTIFICATE-----\n\"],\"ProxyMode\":[\"\n-----END CERTIFICATE-----",
	        "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----"};
	char *text = NULL;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_int_eq(policies_make("{\"A\":1}", wrong[i], &text), SHOJI_ERR_MALFORMED);
	ck_assert_int_eq(policies_make("", "", &text), SHOJI_ERR_MALFORMED);
}
END_TEST

/* ---- accounts ---- */

START_TEST(test_uid_kill)
{
	const uid_t uid = 900900;
	uid_t found;
	int status;

	if (geteuid() != 0)
		return; /* needs root */
	pid_t doomed = fork();
	if (doomed == 0) {
		if (setresuid(uid, uid, uid) == 0)
			pause();
		_exit(1);
	}
	pid_t other = fork();
	if (other == 0) {
		if (setresuid(uid + 1, uid + 1, uid + 1) == 0)
			pause();
		_exit(1);
	}
	while (uid_of_process(doomed, &found) == 0 && found != uid)
		usleep(1000);
	ck_assert_int_eq(uid_of_process(other, &found), 0);
	ck_assert(uid_kill(uid, uid));
	ck_assert_int_eq(waitpid(doomed, &status, 0), doomed);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	ck_assert(!uid_kill(uid, uid));
	ck_assert_int_eq(waitpid(other, &status, WNOHANG), 0);
	kill(other, SIGKILL);
	ck_assert_int_eq(waitpid(other, &status, 0), other);
	ck_assert_int_eq(uid_of_process(doomed, &found), SHOJI_ERR_NOT_FOUND);
}
END_TEST

/* ---- accounts ---- */

/* In a process of its own: locks of one process do not meet. Returns what accounts_lock() said. */
static int lock_in_child(const char *path, uint64_t first, uint64_t n)
{
	char complaint[512] = "";
	int fd, status;
	pid_t pid = fork();

	if (pid == 0) {
		int error = accounts_lock(path, first, n, &fd, complaint, sizeof(complaint));
		char words[64];
		snprintf(words, sizeof(words), "process %d)", (int)getppid());
		if (error == SHOJI_ERR_EXISTS && !strstr(complaint, words))
			_exit(99);
		_exit(-error);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return -WEXITSTATUS(status);
}

START_TEST(test_accounts_lock)
{
	char path[] = "/tmp/shoji-accounts-XXXXXX", complaint[512];
	int fd, made = mkstemp(path);

	ck_assert_int_ge(made, 0);
	ck_assert_int_eq(close(made), 0);
	ck_assert_int_eq(accounts_lock(path, 4294960000, 24, &fd, complaint, sizeof(complaint)), 0);
	ck_assert_int_eq(lock_in_child(path, 4294960000, 24), SHOJI_ERR_EXISTS);
	ck_assert_int_eq(lock_in_child(path, 4294960023, 24), SHOJI_ERR_EXISTS);
	ck_assert_int_eq(lock_in_child(path, 4294960000 - 23, 24), SHOJI_ERR_EXISTS);
	ck_assert_int_eq(lock_in_child(path, 4294960024, 24), 0);
	ck_assert_int_eq(lock_in_child(path, 4294960000 - 24, 24), 0);
	close(fd);
	ck_assert_int_eq(lock_in_child(path, 4294960000, 24), 0);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink("/nowhere", path), 0);
	ck_assert_int_eq(
	        accounts_lock(path, 1, 24, &fd, complaint, sizeof(complaint)), SHOJI_ERR_SYSTEM);
	ck_assert_ptr_nonnull(strstr(complaint, path));
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

int main(void)
{
	return SUITE_RUN("monitor-parts", test_films, test_accounts_lock, test_usual_life,
	        test_states_in_numbers, test_listen_tcp, test_listen_refuses, test_port_taken,
	        test_viewer_files, test_policies, test_policies_refuse, test_uid_kill);
}
