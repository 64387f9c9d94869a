/* The first message of TLS: real ones of OpenSSL and Chromium, and what is made of them. */
#include "unit/suite.h"

#include "base/error.h"
#include "egress/client_hello.h"

#include <stdio.h>
#include <string.h>

struct bytes {
	uint8_t data[4096];
	size_t length;
};

static void load(const char *name, struct bytes *out)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/fuzz/corpus/client_hello/%s", SHOJI_TEST_DATA, name);
	FILE *file = fopen(path, "rb");
	ck_assert_msg(file != NULL, "%s", path);
	out->length = fread(out->data, 1, sizeof(out->data), file);
	fclose(file);
	ck_assert_uint_gt(out->length, 100);
}

/* From memory of exactly that size. */
static int parse(const uint8_t *data, size_t length, struct client_hello *out)
{
	uint8_t *copy = malloc(length ? length : 1);

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, data, length);
	int result = client_hello_parse(copy, length, out);
	free(copy);
	return result;
}

START_TEST(test_real_ones)
{
	struct bytes bytes;
	struct client_hello hello;

	load("openssl", &bytes);
	ck_assert_int_eq(parse(bytes.data, bytes.length, &hello), (int)bytes.length);
	ck_assert(hello.has_server_name && !hello.has_encrypted_hello);
	ck_assert_str_eq(hello.server_name, "www.example.jp");
	load("chromium", &bytes);
	ck_assert_int_eq(parse(bytes.data, bytes.length, &hello), (int)bytes.length);
	ck_assert(hello.has_server_name && hello.has_encrypted_hello);
	ck_assert_str_eq(hello.server_name, "www.example.jp");
	load("openssl_no_name", &bytes);
	ck_assert_int_eq(parse(bytes.data, bytes.length, &hello), (int)bytes.length);
	ck_assert(!hello.has_server_name);
}
END_TEST

START_TEST(test_cut_and_flipped)
{
	static const char *const names[] = {"openssl", "chromium", "openssl_no_name"};
	struct bytes bytes;
	struct client_hello hello;

	for (size_t i = 0; i < 3; i++) {
		load(names[i], &bytes);
		for (size_t length = 0; length < bytes.length; length++)
			ck_assert_int_eq(parse(bytes.data, length, &hello), 0);
		for (size_t bit = 0; bit < bytes.length * 8; bit++) {
			bytes.data[bit / 8] ^= (uint8_t)(1 << (bit % 8));
			int result = parse(bytes.data, bytes.length, &hello);
			ck_assert_int_le(result, (int)bytes.length);
			if (result > 0 && hello.has_server_name)
				ck_assert_uint_lt(strlen(hello.server_name), HOST_NAME_MAX_BYTES);
			bytes.data[bit / 8] ^= (uint8_t)(1 << (bit % 8));
		}
	}
}
END_TEST

static void put(struct bytes *self, size_t value, size_t n_bytes)
{
	while (n_bytes-- > 0)
		self->data[self->length++] = (uint8_t)(value >> (8 * n_bytes));
}

static void put_raw(struct bytes *self, const void *data, size_t length)
{
	memcpy(self->data + self->length, data, length);
	self->length += length;
}

/* A server_name extension with one entry. */
static struct bytes name_extension(unsigned type, const char *name)
{
	struct bytes out = {.length = 0};
	size_t length = strlen(name);

	put(&out, 0, 2);
	put(&out, length + 5, 2);
	put(&out, length + 3, 2);
	put(&out, type, 1);
	put(&out, length, 2);
	put_raw(&out, name, length);
	return out;
}

/* The handshake message around those extensions. */
static struct bytes message_around(const struct bytes *extensions)
{
	struct bytes out = {.length = 0};
	static const uint8_t random[32];

	put(&out, 1, 1);
	put(&out, 2 + 32 + 1 + 4 + 2 + 2 + extensions->length, 3);
	put(&out, 0x303, 2);
	put_raw(&out, random, 32);
	put(&out, 0, 1);          /* session id */
	put(&out, 0x00021301, 4); /* one cipher */
	put(&out, 0x0100, 2);     /* one compression method */
	put(&out, extensions->length, 2);
	put_raw(&out, extensions->data, extensions->length);
	return out;
}

/* In records of `step` bytes each. */
static struct bytes records_of(const struct bytes *message, size_t step)
{
	struct bytes out = {.length = 0};

	for (size_t at = 0; at < message->length; at += step) {
		size_t part = message->length - at < step ? message->length - at : step;
		put(&out, 0x160301, 3);
		put(&out, part, 2);
		put_raw(&out, message->data + at, part);
	}
	return out;
}

static int parse_extensions(const struct bytes *extensions, struct client_hello *out)
{
	struct bytes message = message_around(extensions);
	struct bytes records = records_of(&message, 4000);

	return parse(records.data, records.length, out);
}

START_TEST(test_in_several_records)
{
	struct bytes extensions = name_extension(0, "A.Example.JP");
	struct bytes message = message_around(&extensions);
	struct client_hello hello;

	for (size_t step = 1; step <= message.length; step++) {
		struct bytes records = records_of(&message, step);
		int result = parse(records.data, records.length, &hello);
		if ((message.length + step - 1) / step > CLIENT_HELLO_RECORDS_MAX) {
			ck_assert_int_eq(result, SHOJI_ERR_LIMIT);
			continue;
		}
		ck_assert_int_eq(result, (int)records.length);
		ck_assert_str_eq(hello.server_name, "a.example.jp");
		for (size_t length = 0; length < records.length; length++)
			ck_assert_int_eq(parse(records.data, length, &hello), 0);
	}
}
END_TEST

START_TEST(test_refused)
{
	struct client_hello hello;
	struct bytes twice = name_extension(0, "a.jp");
	struct bytes other = name_extension(0, "b.jp");

	ck_assert_int_gt(parse_extensions(&twice, &hello), 0);
	put_raw(&twice, other.data, other.length);
	ck_assert_int_eq(parse_extensions(&twice, &hello), SHOJI_ERR_MALFORMED);
	static const char *const names[] = {"", "a b", "1.2.3.4", "a..jp", "*.jp", "a.jp\xff"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct bytes extension = name_extension(0, names[i]);
		ck_assert_msg(parse_extensions(&extension, &hello) < 0, "%s", names[i]);
	}
	struct bytes wrong_type = name_extension(1, "a.jp");
	ck_assert_int_lt(parse_extensions(&wrong_type, &hello), 0);
	struct bytes two_names = name_extension(0, "a.jp");
	two_names.data[3] = (uint8_t)(two_names.data[3] + 7);
	two_names.data[5] = (uint8_t)(two_names.data[5] + 7);
	put(&two_names, 0, 1);
	put(&two_names, 4, 2);
	put_raw(&two_names, "b.jp", 4);
	ck_assert_int_lt(parse_extensions(&two_names, &hello), 0);
}
END_TEST

START_TEST(test_not_tls)
{
	struct client_hello hello;
	struct bytes extensions = name_extension(0, "a.jp");
	struct bytes message = message_around(&extensions);
	struct bytes records = records_of(&message, 4000);

	ck_assert_int_lt(parse((const uint8_t *)"GET / HTTP/1.1\r\n", 16, &hello), 0);
	ck_assert_int_lt(parse((const uint8_t *)"G", 1, &hello), 0);
	ck_assert_int_lt(parse((const uint8_t *)"\x80\x2e\x01\x03\x01", 5, &hello), 0); /* SSL 2 */
	ck_assert_int_lt(parse((const uint8_t *)"\x16\x03\x01\x00\x00", 5, &hello), 0); /* empty */
	records.data[5] = 2; /* a ServerHello */
	ck_assert_int_lt(parse(records.data, records.length, &hello), 0);
	records.data[5] = 1;
	records.data[6] = 1; /* 64 KiB of ClientHello */
	ck_assert_int_eq(parse(records.data, records.length, &hello), SHOJI_ERR_LIMIT);
	/* Something after the ClientHello in its record. */
	put(&message, 0, 1);
	records = records_of(&message, 4000);
	ck_assert_int_lt(parse(records.data, records.length, &hello), 0);
}
END_TEST

int main(void)
{
	return SUITE_RUN("egress ClientHello", test_real_ones, test_cut_and_flipped,
	        test_in_several_records, test_refused, test_not_tls);
}
