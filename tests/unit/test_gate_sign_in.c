/* The sign-in form: what is right, and every way of being wrong. */
#include "unit/suite.h"

#include "gate/sign_in.h"

#include <stdio.h>
#include <string.h>

static struct sign_in_form form;
static const char *field;

static int parse(const char *body)
{
	size_t length = strlen(body);
	char *copy = malloc(length ? length : 1); /* not terminated: reading on is seen */
	memcpy(copy, body, length);
	field = "untouched";
	int error = sign_in_parse(copy, length, &form, &field);
	free(copy);
	return error;
}

START_TEST(test_right)
{
	ck_assert_int_eq(parse("{\"person\":\"山田\",\"password\":\"a\\\"b{[\\u6f22\",\"width\":"
	                       "1280,\"height\":800,\"scale\":96}"),
	        0);
	ck_assert_str_eq(form.person, "山田");
	ck_assert_str_eq(form.password, "a\"b{[漢");
	ck_assert_uint_eq(form.width, 1280);
	ck_assert_uint_eq(form.height, 800);
	ck_assert_uint_eq(form.scale, 96);
	ck_assert_int_eq(parse(" { \"height\":2160, \"scale\":256,"
	                       "\"width\":3840,\n\"password\":\"p\",\"person\":\"p\" } "),
	        0);
}
END_TEST

START_TEST(test_wrong_fields)
{
	static const struct {
		const char *body, *field;
	} cases[] = {
	        {"{\"password\":\"p\",\"width\":1280,\"height\":800,\"scale\":96}", "person"},
	        {"{\"person\":\"\",\"password\":\"p\",\"width\":1280,\"height\":800,\"scale\":96}",
	                "person"},
	        {"{\"person\":5,\"password\":\"p\",\"width\":1280,\"height\":800,\"scale\":96}",
	                "person"},
	        {"{\"person\":\"a\\nb\",\"password\":\"p\",\"width\":1280,\"height\":800,\"scale\":"
	         "96}",
	                "person"},
	        {"{\"person\":\"a\\u0007b\",\"password\":\"p\",\"width\":1280,\"height\":800,"
	         "\"scale\":96}",
	                "person"},
	        {"{\"person\":\"p\",\"password\":\"\",\"width\":1280,\"height\":800,\"scale\":96}",
	                "password"},
	        {"{\"person\":\"p\",\"password\":null,\"width\":1280,\"height\":800,\"scale\":96}",
	                "password"},
	        {"{\"person\":\"p\",\"password\":\"p\",\"width\":319,\"height\":800,\"scale\":96}",
	                "width"},
	        {"{\"person\":\"p\",\"password\":\"p\",\"width\":3841,\"height\":800,\"scale\":96}",
	                "width"},
	        {"{\"person\":\"p\",\"password\":\"p\",\"width\":-1280,\"height\":800,\"scale\":"
	         "96}",
	                "width"},
	        {"{\"person\":\"p\",\"password\":\"p\",\"width\":66816,\"height\":800,\"scale\":"
	         "96}",
	                "width"},
	        {"{\"person\":\"p\",\"password\":\"p\",\"width\":1280.0,\"height\":800,\"scale\":"
	         "96}",
	                "width"},
	        {"{\"person\":\"p\",\"password\":\"p\",\"width\":1280,\"height\":\"800\"}",
	                "height"},
	        {"{\"person\":\"p\",\"password\":\"p\",\"width\":1280}", "height"},
	        {"{\"person\":\"p\",\"password\":\"p\",\"width\":1280,\"height\":800}", "scale"},
	        {"{\"person\":\"p\",\"password\":\"p\",\"width\":1280,\"height\":800,\"scale\":31}",
	                "scale"},
	        {"{\"person\":\"p\",\"password\":\"p\",\"width\":1280,\"height\":800,\"scale\":"
	         "257}",
	                "scale"},
	        {"{\"person\":\"p\",\"password\":\"p\",\"width\":1280,\"height\":800,\"scale\":96,"
	         "\"more\":1}",
	                ""},
	        {"{\"person\":\"p\",\"person\":\"q\",\"password\":\"p\",\"width\":1280,\"height\":"
	         "800,\"scale\":96}",
	                ""},
	        {"{\"person\":{},\"password\":\"p\",\"width\":1280,\"height\":800,\"scale\":96}",
	                ""},
	        {"{\"person\":[],\"password\":\"p\",\"width\":1280,\"height\":800,\"scale\":96}",
	                ""},
	        {"{\"person\":\"a\\u0000b\",\"password\":\"p\",\"width\":1280,\"height\":800,"
	         "\"scale\":96}",
	                ""},
	        {"{\"person\":\"\xff\",\"password\":\"p\",\"width\":1280,\"height\":800,\"scale\":"
	         "96}",
	                ""},
	        {"{\"person\":\"p\",\"password\":\"p\",\"width\":1280,\"height\":800,\"scale\":96}"
	         "x",
	                ""},
	        {"{\"person\":\"p\",\"password\":\"p\",\"width\":99999999999999999999,\"height\":"
	         "800,\"scale\":96}",
	                ""},
	        {"", ""},
	        {"{}", "person"},
	        {"[]", ""},
	        {"\"x\"", ""},
	        {"null", ""},
	        {"{", ""},
	        {"{\"", ""},
	        {"{\"\\", ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_msg(parse(cases[i].body) != 0, "%s", cases[i].body);
		ck_assert_msg(!strcmp(field, cases[i].field), "%s: '%s'", cases[i].body, field);
	}
}
END_TEST

START_TEST(test_lengths)
{
	static char body[8192];
	static char name[400];

	for (unsigned length = 1; length < 300; length++) {
		memset(name, 'a', length);
		name[length] = '\0';
		snprintf(body, sizeof(body),
		        "{\"person\":\"%s\",\"password\":\"p\",\"width\":1280,\"height\":800,"
		        "\"scale\":96}",
		        name);
		ck_assert_int_eq(parse(body) == 0, length <= SIGN_IN_PERSON_MAX);
		snprintf(body, sizeof(body),
		        "{\"person\":\"p\",\"password\":\"%s\",\"width\":1280,\"height\":800,"
		        "\"scale\":96}",
		        name);
		ck_assert_int_eq(parse(body) == 0, length <= SIGN_IN_PASSWORD_MAX);
	}
	snprintf(body, sizeof(body),
	        "{\"person\":\"p\",\"password\":\"p\",\"width\":1280,\"height\":800,\"scale\":96}%*"
	        "s",
	        5000, "");
	ck_assert_int_ne(parse(body), 0);
	body[SIGN_IN_BODY_MAX] = '\0';
	ck_assert_int_eq(parse(body), 0);
	/* Deep, within the size. */
	memset(body, '[', SIGN_IN_BODY_MAX);
	ck_assert_int_ne(parse(body), 0);
}
END_TEST

START_TEST(test_cut_at_every_length)
{
	const char *whole = "{\"person\":\"p\\u00e9\",\"password\":\"漢\",\"width\":1280,"
	                    "\"height\":800,\"scale\":96}";
	char cut[128];

	for (size_t length = 0; length < strlen(whole); length++) {
		memcpy(cut, whole, length);
		cut[length] = '\0';
		ck_assert_int_ne(parse(cut), 0);
	}
	ck_assert_int_eq(parse(whole), 0);
}
END_TEST

int main(void)
{
	sign_in_init();
	return SUITE_RUN("gate-sign-in", test_right, test_wrong_fields, test_lengths,
	        test_cut_at_every_length);
}
