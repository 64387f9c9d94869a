/* What a person reads. Names and records may hold foreign text: nothing of it reaches the terminal unescaped. */
#include "ctl/ctl.h"
#include "ctl/words.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

void print_error(const char *text, const char *detail)
{
	if (detail)
		fprintf(stderr, "shojictl: %s: %s\n", text, detail);
	else
		fprintf(stderr, "shojictl: %s\n", text);
}

void print_text(const char *text)
{
	for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
		/* C0 and DEL; and C1, which is 0xc2 0x80-0x9f in UTF-8. */
		if (*at < 0x20 || *at == 0x7f)
			printf("\\x%02x", *at);
		else if (*at == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f)
			printf("\\u%04x", *++at);
		else
			putchar(*at);
	}
}

void print_json(const json_t *value)
{
	json_dumpf(value ? value : json_null(), stdout,
	        JSON_INDENT(2) | JSON_SORT_KEYS | JSON_ENCODE_ANY);
	putchar('\n');
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "-";
}

static long long number_of(const json_t *object, const char *name)
{
	return (long long)json_integer_value(json_object_get(object, name));
}

static const char *yes_no(const json_t *object, const char *name)
{
	return word(json_is_true(json_object_get(object, name)) ? WORD_YES : WORD_NO);
}

static void print_local_time(long long utc_ms)
{
	time_t seconds = (time_t)(utc_ms / 1000);
	struct tm parts;
	char text[32];

	localtime_r(&seconds, &parts);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &parts);
	printf("%s", text);
}

static const char *state_word(const char *state)
{
	static const struct {
		const char *en, *ja;
	} states[] = {{"starting", "準備中"}, {"ready", "接続待ち"}, {"attached", "利用中"},
	        {"detached", "切断中"}, {"ending", "終了中"}};

	for (size_t i = 0; words_are_japanese() && i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(state, states[i].en) == 0)
			return states[i].ja;
	return state;
}

static void print_cap(const json_t *sessions, const char *key)
{
	const json_t *cap = json_object_get(sessions, key);

	if (json_is_integer(cap))
		printf("%lld kbit/s", (long long)json_integer_value(cap));
	else
		printf("%s", words_are_japanese() ? "なし" : "none");
}

static void print_caps(const json_t *sessions)
{
	bool is_ja = words_are_japanese();

	printf("%s ", is_ja ? "通信量の上限: 1件" : "caps on the line: a session");
	print_cap(sessions, "kbit_s_each_max");
	printf("%s ", is_ja ? "、全体" : ", all together");
	print_cap(sessions, "kbit_s_all_max");
	putchar('\n');
}

void print_status(const json_t *status)
{
	bool is_ja = words_are_japanese();
	const json_t *sessions = json_object_get(status, "sessions");
	const json_t *audit = json_object_get(status, "audit");
	long long up_s = number_of(status, "uptime_s");

	printf("%s %s\n", is_ja ? "版:" : "version:", text_of(status, "version"));
	printf("%s %lld:%02lld\n", is_ja ? "稼働時間:" : "up:", up_s / 3600, up_s / 60 % 60);
	printf("%s %s\n", is_ja ? "隔離:" : "isolation:", text_of(status, "isolation"));
	printf("%s %s\n", is_ja ? "資源の制限:" : "limits:", text_of(status, "limits"));
	printf("gate: %s  egress: %s  hash: %lld\n", yes_no(status, "gate"),
	        yes_no(status, "egress"), number_of(status, "hash_workers"));
	printf("%s %lld / %lld (%s %lld, %s %lld, %s %lld, %s %lld, %s %lld)\n",
	        is_ja ? "利用状況:" : "sessions:",
	        number_of(sessions, "starting") + number_of(sessions, "ready") +
	                number_of(sessions, "attached") + number_of(sessions, "detached") +
	                number_of(sessions, "ending"),
	        number_of(sessions, "max"), state_word("starting"), number_of(sessions, "starting"),
	        state_word("ready"), number_of(sessions, "ready"), state_word("attached"),
	        number_of(sessions, "attached"), state_word("detached"),
	        number_of(sessions, "detached"), state_word("ending"),
	        number_of(sessions, "ending"));
	print_caps(sessions);
	printf("%s %lld\n", is_ja ? "利用者:" : "people:", number_of(status, "people"));
	printf("%s %lld%s\n",
	        is_ja ? "監査ログの記録:" : "audit records:", number_of(audit, "records"),
	        json_is_true(json_object_get(audit, "writable")) ? ""
	        : is_ja ? "（書き込めません。データ用の領域の空きを確認してください）"
	                : " (cannot be written: free space in the data folder)");
}

/* Nothing was typed yet: nothing is said. */
static void print_latency(const json_t *latency)
{
	double p50 = json_number_value(json_object_get(latency, "drawn_p50_ms"));
	double p95 = json_number_value(json_object_get(latency, "drawn_p95_ms"));

	if (json_is_object(latency))
		printf(words_are_japanese()
		                ? "  （キー入力から表示まで：中央値%.1fms、95%%値%.1fms）"
		                : "  (key to picture: p50 %.1f ms, p95 %.1f ms)",
		        p50, p95);
}

void print_sessions(const json_t *items)
{
	size_t i;
	json_t *item;

	if (json_array_size(items) == 0)
		printf("%s", word(WORD_NO_SESSIONS));
	json_array_foreach(items, i, item)
	{
		printf("%s  %-8s  %4lldx%-4lld  ", text_of(item, "id"),
		        state_word(text_of(item, "state")), number_of(item, "width"),
		        number_of(item, "height"));
		print_local_time(number_of(item, "started_utc_ms"));
		printf("  ");
		print_text(text_of(item, "address"));
		printf("  ");
		print_text(text_of(item, "person"));
		printf("  ");
		print_text(text_of(item, "name"));
		print_latency(json_object_get(item, "latency"));
		putchar('\n');
	}
}

void print_people(const json_t *items)
{
	bool is_ja = words_are_japanese();
	size_t i;
	json_t *item;

	if (json_array_size(items) == 0)
		printf("%s", word(WORD_NO_PEOPLE));
	json_array_foreach(items, i, item)
	{
		long long locked_out_s = number_of(item, "locked_out_s");
		printf("%-20s  ", text_of(item, "id"));
		if (json_is_true(json_object_get(item, "locked")))
			printf("%s  ", is_ja ? "停止中" : "locked");
		if (locked_out_s > 0)
			printf(is_ja ? "一時停止（あと%lld秒）  " : "locked out for %lld s  ",
			        locked_out_s);
		if (json_is_true(json_object_get(item, "signed_in")))
			printf("%s  ", is_ja ? "利用中" : "signed in");
		print_text(text_of(item, "name"));
		putchar('\n');
	}
}

/* Members that the line shows already, or that only a machine wants. */
static bool is_plain_member(const char *name)
{
	static const char *const shown[] = {
	        "time", "event", "number", "hash", "prev", "mono_ms", "person", "lease"};

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		if (strcmp(name, shown[i]) == 0)
			return false;
	return true;
}

static void print_member(const char *name, const json_t *value)
{
	printf(" %s=", name);
	if (json_is_string(value))
		print_text(json_string_value(value));
	else
		json_dumpf(value, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
}

void print_records(const json_t *items)
{
	const char *name;
	json_t *item, *value;
	size_t i;

	json_array_foreach(items, i, item)
	{
		printf("%lld ", number_of(item, "number"));
		print_text(text_of(item, "time"));
		printf(" ");
		print_text(text_of(item, "event"));
		printf(" ");
		print_text(text_of(item, "person"));
		printf(" ");
		print_text(text_of(item, "lease"));
		json_object_foreach(item, name, value) if (is_plain_member(name))
		        print_member(name, value);
		putchar('\n');
	}
}

void print_audit_verdict(const json_t *verdict)
{
	bool is_ja = words_are_japanese();

	if (json_is_true(json_object_get(verdict, "good"))) {
		printf(is_ja ? "改ざんはありません。記録 %lld 件、ファイル %lld "
		               "個。最新のハッシュ値:\n%s\n"
		             : "The audit log is whole: %lld records in %lld files. Its newest "
		               "hash:\n%s\n",
		        number_of(verdict, "records"), number_of(verdict, "files"),
		        text_of(verdict, "head"));
		return;
	}
	printf(is_ja ? "監査ログに異常があります: %s %lld行目: %s（それより前の %lld 件は正常）\n"
	             : "The audit log is damaged: %s line %lld: %s (the %lld records before it are "
	               "good)\n",
	        text_of(verdict, "file"), number_of(verdict, "line"), text_of(verdict, "fault"),
	        number_of(verdict, "records"));
	printf("%s", is_ja ? "ファイルには触れず、写しを取って監査担当者に連絡してください。\n"
	                   : "Leave the files as they are, take a copy, and call the auditor.\n");
}

void print_sentence(enum word which, const char *text)
{
	const char *sentence = word(which);
	const char *blank = strstr(sentence, "%s");

	if (!blank) {
		printf("%s", sentence);
		return;
	}
	printf("%.*s", (int)(blank - sentence), sentence);
	print_text(text);
	printf("%s", blank + 2);
}
