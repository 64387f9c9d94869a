/* Configuration: defaults, every complaint with its place and advice, and a dump that reads back
 * the same. */
#include "unit/suite.h"

#include "base/config.h"
#include "base/config_options.h"
#include "base/error.h"

#include <string.h>

static char complaint[512];

static int read_text(struct config *config, const char *text)
{
	return config_read(config, "shoji.yaml", text, strlen(text), complaint, sizeof(complaint));
}

START_TEST(test_defaults)
{
	struct config config;

	ck_assert_int_eq(read_text(&config, ""), 0);
	ck_assert_str_eq(config.gate.listen, "127.0.0.1:8443");
	ck_assert_uint_eq(config.sessions.lease_s, 30);
	ck_assert_uint_eq(config.broker.require_isolation, ISOLATION_FULL);
	ck_assert(!config.gate.tls_1_2);
	ck_assert(!config.profile.watermark);
	ck_assert(config.sessions.kbit_s_each_max == CONFIG_NO_LIMIT);
	ck_assert(config.sessions.kbit_s_all_max == CONFIG_NO_LIMIT);
	ck_assert_uint_eq(config.egress.ports.n_items, 2);
	ck_assert_str_eq(config.egress.ports.items[1], "443");
	config_finish(&config);
}
END_TEST

START_TEST(test_values)
{
	struct config config;

	ck_assert_int_eq(
	        read_text(&config,
	                "gate:\n  listen: '[::1]:0'\n  tls_1_2: true\negress:\n  ports: [8080]\n"
	                "  hosts: {www.test: '127.0.0.1:5000', b.test: 127.0.0.2}\n  deny: "
	                "[a.test, b.test]\n"
	                "people:\n  contact: 情報担当（内線123）\nsessions:\n  kbit_s_each_max: "
	                "64\n"
	                "  kbit_s_all_max: none\n"),
	        0);
	ck_assert(config.gate.tls_1_2);
	ck_assert_uint_eq(config.sessions.kbit_s_each_max, 64);
	ck_assert(config.sessions.kbit_s_all_max == CONFIG_NO_LIMIT);
	ck_assert_uint_eq(config.egress.ports.n_items, 1);
	ck_assert_str_eq(config.egress.hosts.names.items[1], "b.test");
	ck_assert_str_eq(config.egress.hosts.values.items[0], "127.0.0.1:5000");
	ck_assert_uint_eq(config.egress.deny.n_items, 2);
	ck_assert_str_eq(config.people.contact, "情報担当（内線123）");
	config_finish(&config);
}
END_TEST

START_TEST(test_complaints)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
	        {"gat:\n  listen: 1\n",
	                "shoji.yaml:1: unknown section \"gat\"; did you mean \"gate\"?"},
	        {"gate:\n  lisen: 1\n", "shoji.yaml:2: unknown key \"lisen\" in section gate; did "
	                                "you mean \"listen\"?"},
	        {"sessions:\n  max: 0\n",
	                "shoji.yaml:2: sessions.max is \"0\": write a whole number from 1 to 333"},
	        {"sessions:\n  max: ten\n", "shoji.yaml:2: sessions.max is \"ten\""},
	        {"sessions:\n  max: -1\n", "shoji.yaml:2: sessions.max is \"-1\""},
	        {"sessions:\n  max: [1]\n", "shoji.yaml:2: sessions.max: write one value"},
	        {"sessions:\n  max: 1\n  max: 2\n", "shoji.yaml:3: sessions.max stands twice"},
	        {"sessions:\n  kbit_s_all_max: 0\n",
	                "shoji.yaml:2: sessions.kbit_s_all_max is \"0\": write a whole number from "
	                "64 to 10000000, or none"},
	        {"sessions:\n  kbit_s_each_max: unlimited\n", "or none"},
	        {"sessions:\n  kbit_s_each_max: ''\n", "or none"},
	        {"sessions:\n  kbit_s_each_max: 18446744073709551615\n", "or none"},
	        {"profile:\n  watermark: maybe\n", "write true or false"},
	        {"gate:\n  tls_1_2: yes\n",
	                "shoji.yaml:2: gate.tls_1_2 is \"yes\": write true or false"},
	        {"gate:\n  listen: localhost:1\n", "shoji.yaml:2: gate.listen"},
	        {"gate:\n  listen: 1.2.3.4:70000\n", "shoji.yaml:2: gate.listen"},
	        {"gate:\n  key: relative\n",
	                "shoji.yaml:2: gate.key is \"relative\": write an absolute path"},
	        {"sessions:\n  limits: none\n", "write one of auto, cgroup2, cgroup1, watch"},
	        {"egress:\n  mode: upstream\n", "egress.upstream names no proxy"},
	        {"egress:\n  ports: []\n", "egress.ports is empty"},
	        {"egress:\n  ports: [0]\n", "shoji.yaml:2: egress.ports holds \"0\""},
	        {"egress:\n  ports: 80\n", "write a list"},
	        {"egress:\n  hosts: [a]\n", "write a mapping"},
	        {"egress:\n  deny: [[a]]\n", "something nested"},
	        {"profile:\n  width_min: 1900\n  width_max: 800\n",
	                "the smallest screen is larger"},
	        {"gate: 7\n", "shoji.yaml:1: section gate: write its keys below it"},
	        {"- gate\n", "write sections"},
	        {"gate: {\n", "not YAML"},
	        {"people:\n  contact: \"a\\0b\"\n", "write one value"},
	        {"people:\n  contact: \"a\\nb\"\n", "without control characters"},
	};
	struct config config;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_int_eq(read_text(&config, cases[i].text), SHOJI_ERR_CONFIG);
		ck_assert_msg(
		        strstr(complaint, cases[i].expected), "%s -> %s", cases[i].text, complaint);
	}
}
END_TEST

START_TEST(test_dump_reads_back)
{
	static char first[CONFIG_TEXT_MAX], second[CONFIG_TEXT_MAX];
	struct config config, again;
	size_t length;

	ck_assert_int_eq(read_text(&config, "egress:\n  deny: ['a \"quoted\" \\ one', b]\n  hosts: "
	                                    "{x: 127.0.0.1}\ngate:\n  tls_1_2: true\nsessions:\n  "
	                                    "kbit_s_all_max: 5000\n"),
	        0);
	ck_assert_int_eq(config_dump(&config, first, sizeof(first), &length), 0);
	ck_assert_int_eq(
	        config_read(&again, "dump", first, length, complaint, sizeof(complaint)), 0);
	ck_assert_int_eq(config_dump(&again, second, sizeof(second), &length), 0);
	ck_assert_str_eq(first, second);
	ck_assert_str_eq(again.egress.deny.items[0], "a \"quoted\" \\ one");
	ck_assert_int_eq(config_dump(&config, first, 100, &length), SHOJI_ERR_LIMIT);
	config_finish(&config);
	config_finish(&again);
}
END_TEST

START_TEST(test_too_long)
{
	static char text[CONFIG_TEXT_MAX + 2];
	struct config config;

	memset(text, '#', sizeof(text) - 1);
	ck_assert_int_eq(read_text(&config, text), SHOJI_ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(complaint, "larger than"));
	ck_assert_int_eq(config_read_file(&config, "/nonexistent", complaint, sizeof(complaint)),
	        SHOJI_ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(complaint, "--config"));
}
END_TEST

/* A number that may be 0 would invite "0 means unlimited". */
START_TEST(test_no_number_may_be_zero)
{
	size_t n;
	const struct config_option *options = config_options(&n);

	for (size_t i = 0; i < n; i++) {
		if (options[i].type == OPTION_NUMBER || options[i].type == OPTION_NUMBER_LIST ||
		        options[i].type == OPTION_LIMIT)
			ck_assert_msg(
			        options[i].min >= 1, "%s.%s", options[i].section, options[i].key);
		ck_assert_ptr_nonnull(options[i].help);
	}
}
END_TEST

/* docs/configuration.md is what the table says: run shoji-broker --write-docs markdown after a
 * change. */
START_TEST(test_document_is_current)
{
	static char made[65536], kept[65536];
	FILE *out = fmemopen(made, sizeof(made), "w");
	FILE *file = fopen(SHOJI_TEST_DATA "/../docs/configuration.md", "re");

	ck_assert_ptr_nonnull(file);
	config_write_markdown(out);
	fclose(out);
	kept[fread(kept, 1, sizeof(kept) - 1, file)] = '\0';
	fclose(file);
	ck_assert_str_eq(made, kept);
}
END_TEST

int main(void)
{
	return SUITE_RUN("base-config", test_defaults, test_values, test_complaints,
	        test_dump_reads_back, test_too_long, test_no_number_may_be_zero,
	        test_document_is_current);
}
