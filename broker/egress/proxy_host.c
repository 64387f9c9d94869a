/* Host names are brought into one form once, here, so that a deny list, a table and a comparison cannot be
 * stepped around by spelling. The text comes from the isolated host. */
#include "egress/proxy_host.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>

#define LABEL_MAX 63

static bool is_label_byte(char byte)
{
	/* Underscores are no letter-digit-hyphen, but sites with them exist and browsers open them. */
	return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ||
	       byte == '_';
}

static bool is_label(const char *label, size_t length)
{
	if (length == 0 || length > LABEL_MAX || label[0] == '-' || label[length - 1] == '-')
		return false;
	for (size_t i = 0; i < length; i++)
		if (!is_label_byte(label[i]))
			return false;
	return true;
}

/* All digits, or 0x and hexadecimal digits: inet_aton() and browsers would read the name as an address. */
static bool is_number(const char *label, size_t length)
{
	if (length >= 2 && label[0] == '0' && label[1] == 'x')
		return strspn(label + 2, "0123456789abcdef") >= length - 2;
	return strspn(label, "0123456789") >= length;
}

static int check_labels(const char *name)
{
	const char *label = name;

	for (;;) {
		size_t length = strcspn(label, ".");
		if (!is_label(label, length))
			return SHOJI_ERR_MALFORMED;
		if (!label[length])
			return is_number(label, length) ? SHOJI_ERR_MALFORMED : 0;
		label += length + 1;
	}
}

int host_name_normalise(const char *text, size_t length, char out[HOST_NAME_MAX_BYTES])
{
	char name[HOST_NAME_MAX_BYTES];

	if (length > 0 && text[length - 1] == '.')
		length--;
	if (length == 0 || length >= HOST_NAME_MAX_BYTES || memchr(text, '\0', length))
		return SHOJI_ERR_MALFORMED;
	for (size_t i = 0; i < length; i++)
		name[i] =
		        text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + ('a' - 'A')) : text[i];
	name[length] = '\0';
	if (check_labels(name))
		return SHOJI_ERR_MALFORMED;
	memcpy(out, name, length + 1);
	return 0;
}

bool host_name_is_within(const char *name, const char *domain)
{
	size_t name_length = strlen(name);
	size_t domain_length = strlen(domain);

	if (name_length < domain_length ||
	        strcmp(name + (name_length - domain_length), domain) != 0)
		return false;
	return name_length == domain_length || name[name_length - domain_length - 1] == '.';
}

int proxy_host_parse(const char *text, size_t length, struct proxy_host *out)
{
	struct proxy_host value = {0};

	if (length >= 2 && text[0] == '[' && text[length - 1] == ']') {
		value.is_address = true;
		if (net_address_parse(text + 1, length - 2, &value.address) || !value.address.is_v6)
			return SHOJI_ERR_MALFORMED;
	} else if (!memchr(text, ':', length) && !net_address_parse(text, length, &value.address)) {
		value.is_address = true;
	} else if (host_name_normalise(text, length, value.name)) {
		return SHOJI_ERR_MALFORMED;
	}
	*out = value;
	return 0;
}

bool proxy_host_equal(const struct proxy_host *a, const struct proxy_host *b)
{
	if (a->is_address != b->is_address)
		return false;
	return a->is_address ? net_address_equal(&a->address, &b->address)
	                     : strcmp(a->name, b->name) == 0;
}

const char *proxy_host_text(const struct proxy_host *self, char out[PROXY_HOST_TEXT_MAX])
{
	if (self->is_address)
		return net_address_text(&self->address, out);
	memcpy(out, self->name, sizeof(self->name));
	return out;
}

const char *proxy_host_authority(const struct proxy_host *self, char out[PROXY_HOST_TEXT_MAX])
{
	char text[NET_ADDRESS_TEXT_MAX];

	if (!self->is_address || !self->address.is_v6)
		return proxy_host_text(self, out);
	snprintf(out, PROXY_HOST_TEXT_MAX, "[%s]", net_address_text(&self->address, text));
	return out;
}
