/* Where a session may go, decided from a configuration as it is written. */
#include "unit/suite.h"

#include "base/config.h"
#include "egress/egress_policy.h"

#include <string.h>

static struct egress_policy *policy_of(const char *yaml, char *complaint, size_t size)
{
	struct config config;
	char refused[256] = "";

	ck_assert_msg(!config_read(&config, "test", yaml, strlen(yaml), refused, sizeof(refused)),
	        "%s", refused);
	struct egress_policy *policy = egress_policy_new(&config, complaint, size);
	config_finish(&config);
	return policy;
}

static struct egress_policy *policy(const char *yaml)
{
	char complaint[256];
	struct egress_policy *self = policy_of(yaml, complaint, sizeof(complaint));

	ck_assert_msg(self != NULL, "%s", complaint);
	return self;
}

static struct egress_route route(
        const struct egress_policy *self, const char *host_text, uint16_t port, bool is_connect)
{
	struct proxy_host host;
	struct egress_route out;

	ck_assert_int_eq(proxy_host_parse(host_text, strlen(host_text), &host), 0);
	egress_policy_route(self, &host, port, is_connect, &out);
	return out;
}

static void check_refused(const struct egress_policy *self, const char *host, uint16_t port,
        enum egress_verdict verdict)
{
	struct egress_route out = route(self, host, port, port == 443);

	ck_assert_msg(out.kind == ROUTE_REFUSED && out.verdict == verdict,
	        "%s:%u is %d, verdict %d", host, port, out.kind, out.verdict);
}

static const char rules[] = "egress:\n"
                            "  ports: [80, 443]\n"
                            "  deny: [bad.example, Worse.Example.]\n"
                            "  deny_addresses: [9.9.0.0/16, 2400:1::/32]\n"
                            "  hosts:\n"
                            "    cms.town.example: 10.1.2.3\n"
                            "    test: \"127.0.0.1:8080\"\n"
                            "    denied.bad.example: 10.1.2.4\n";

START_TEST(test_direct)
{
	struct egress_policy *self = policy(rules);

	ck_assert_int_eq(route(self, "www.example.jp", 80, false).kind, ROUTE_RESOLVE);
	ck_assert_uint_eq(route(self, "www.example.jp", 443, true).endpoint.port, 443);
	ck_assert_int_eq(route(self, "8.8.8.8", 443, true).kind, ROUTE_ADDRESS);
	ck_assert_int_eq(route(self, "[2606::1]", 443, true).kind, ROUTE_ADDRESS);
	check_refused(self, "www.example.jp", 22, EGRESS_DENIED_PORT);
	check_refused(self, "bad.example", 443, EGRESS_DENIED_BY_LIST);
	check_refused(self, "a.b.bad.example", 443, EGRESS_DENIED_BY_LIST);
	check_refused(self, "WORSE.example.", 443, EGRESS_DENIED_BY_LIST);
	ck_assert_int_eq(route(self, "notbad.example", 443, true).kind, ROUTE_RESOLVE);
	check_refused(self, "9.9.1.1", 443, EGRESS_DENIED_ADDRESS);
	check_refused(self, "[2400:1::1]", 443, EGRESS_DENIED_ADDRESS);
	check_refused(self, "127.0.0.1", 80, EGRESS_DENIED_ADDRESS);
	check_refused(self, "[::ffff:8.8.8.8]", 80, EGRESS_DENIED_ADDRESS);
	check_refused(self, "localhost", 80, EGRESS_DENIED_ADDRESS);
	check_refused(self, "x.localhost", 80, EGRESS_DENIED_ADDRESS);
	check_refused(self, "intranet", 80, EGRESS_NOT_RESOLVED);
	ck_assert_ptr_null(egress_policy_upstream(self));
	egress_policy_free(self);
}
END_TEST

START_TEST(test_table)
{
	struct egress_policy *self = policy(rules);
	struct egress_route out = route(self, "CMS.town.example", 443, true);
	char text[NET_ADDRESS_TEXT_MAX];

	ck_assert_int_eq(out.kind, ROUTE_ADDRESS);
	ck_assert_str_eq(net_address_text(&out.endpoint.address, text), "10.1.2.3");
	ck_assert_uint_eq(out.endpoint.port, 443);
	out = route(self, "test", 80, false);
	ck_assert_int_eq(out.kind, ROUTE_ADDRESS);
	ck_assert_uint_eq(out.endpoint.port, 8080);
	/* The name is in the table, not the address, not what lies below, not another port. */
	check_refused(self, "10.1.2.3", 443, EGRESS_DENIED_ADDRESS);
	ck_assert_int_eq(route(self, "x.cms.town.example", 443, true).kind, ROUTE_RESOLVE);
	check_refused(self, "test", 8080, EGRESS_DENIED_PORT);
	check_refused(self, "denied.bad.example", 443, EGRESS_DENIED_BY_LIST);
	egress_policy_free(self);
}
END_TEST

START_TEST(test_start_page)
{
	struct egress_policy *self = policy(rules);

	ck_assert_int_eq(route(self, START_PAGE_HOST, 80, false).kind, ROUTE_START_PAGE);
	check_refused(self, START_PAGE_HOST, 443, EGRESS_DENIED_ADDRESS);
	check_refused(self, "x." START_PAGE_HOST, 80, EGRESS_DENIED_ADDRESS);
	check_refused(self, "other.shoji.internal", 80, EGRESS_DENIED_ADDRESS);
	egress_policy_free(self);
}
END_TEST

START_TEST(test_own_addresses)
{
	struct egress_policy *self = policy(rules);
	struct net_address own[2];

	ck_assert_int_eq(route(self, "8.8.8.8", 443, true).kind, ROUTE_ADDRESS);
	ck_assert_int_eq(net_address_parse("8.8.8.8", 7, &own[0]), 0);
	ck_assert_int_eq(net_address_parse("2606::1", 7, &own[1]), 0);
	ck_assert_int_eq(egress_policy_set_own(self, own, 2), 0);
	check_refused(self, "8.8.8.8", 443, EGRESS_DENIED_ADDRESS);
	check_refused(self, "[2606::1]", 443, EGRESS_DENIED_ADDRESS);
	ck_assert_int_eq(route(self, "8.8.8.9", 443, true).kind, ROUTE_ADDRESS);
	ck_assert_int_eq(egress_policy_check(self, &own[1]), EGRESS_DENIED_ADDRESS);
	egress_policy_free(self);
}
END_TEST

static const char upstream_rules[] = "egress:\n"
                                     "  mode: upstream\n"
                                     "  upstream: proxy.cloud.example:3128\n"
                                     "  deny: [bad.example]\n"
                                     "  hosts:\n"
                                     "    proxy.cloud.example: 10.9.9.9\n"
                                     "    cms.town.example: 10.1.2.3\n";

START_TEST(test_upstream)
{
	struct egress_policy *self = policy(upstream_rules);
	struct egress_route out = route(self, "www.example.jp", 443, true);
	struct net_endpoint endpoint;
	char text[NET_ADDRESS_TEXT_MAX];

	ck_assert_int_eq(out.kind, ROUTE_UPSTREAM);
	ck_assert_str_eq(out.host.name, "www.example.jp");
	ck_assert_int_eq(route(self, "8.8.8.8", 443, true).kind, ROUTE_UPSTREAM);
	out = route(self, "cms.town.example", 443, true);
	ck_assert_int_eq(out.kind, ROUTE_UPSTREAM);
	ck_assert_str_eq(proxy_host_text(&out.host, (char[PROXY_HOST_TEXT_MAX]){0}), "10.1.2.3");
	check_refused(self, "127.0.0.1", 443, EGRESS_DENIED_ADDRESS);
	check_refused(self, "10.9.9.9", 443, EGRESS_DENIED_ADDRESS);
	check_refused(self, "a.bad.example", 443, EGRESS_DENIED_BY_LIST);
	check_refused(self, "www.example.jp", 25, EGRESS_DENIED_PORT);
	check_refused(self, "localhost", 80, EGRESS_DENIED_ADDRESS);
	ck_assert_ptr_nonnull(egress_policy_upstream(self));
	ck_assert(egress_policy_upstream_endpoint(self, &endpoint));
	ck_assert_str_eq(net_address_text(&endpoint.address, text), "10.9.9.9");
	ck_assert_uint_eq(endpoint.port, 3128);
	egress_policy_free(self);
}
END_TEST

START_TEST(test_wrong_settings)
{
	static const struct {
		const char *yaml, *said;
	} wrong[] = {{"egress:\n  deny: [\"a b\"]\n", "egress.deny: a b"},
	        {"egress:\n  deny: [10.0.0.1]\n", "egress.deny: 10.0.0.1"},
	        {"egress:\n  deny_addresses: [10.0.0.1/8]\n", "egress.deny_addresses: 10.0.0.1/8"},
	        {"egress:\n  hosts:\n    a: nowhere\n", "egress.hosts: a: nowhere"},
	        {"egress:\n  hosts:\n    a: \"::ffff:10.0.0.1\"\n", "egress.hosts: a"},
	        {"egress:\n  deny_addresses: [10.0.0.0/8]\n  hosts:\n    a: 10.0.0.1\n",
	                "egress.hosts: a: 10.0.0.1 is in egress.deny_addresses"}};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char complaint[256] = "";
		ck_assert_msg(!policy_of(wrong[i].yaml, complaint, sizeof(complaint)), "%s",
		        wrong[i].yaml);
		ck_assert_msg(strstr(complaint, wrong[i].said) != NULL, "%s", complaint);
	}
}
END_TEST

int main(void)
{
	return SUITE_RUN("egress policy", test_direct, test_table, test_start_page,
	        test_own_addresses, test_upstream, test_wrong_settings);
}
