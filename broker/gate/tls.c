/* Certificate, key and TLS rules. libwebsockets would take a certificate from memory as well, but without
 * its chain; so it leaves the context to us (LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS). */
#include "gate/tls.h"

#include "base/error.h"
#include "base/log.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct tls_identity {
	X509 *leaf;
	STACK_OF(X509) * chain; /* without the leaf */
	EVP_PKEY *key;
};

/* A file's bytes; *out is the caller's. */
static int read_whole(int fd, char **out, size_t *length)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return SHOJI_ERR_SYSTEM;
	if (status.st_size <= 0 || status.st_size > TLS_FILE_MAX)
		return SHOJI_ERR_LIMIT;
	char *bytes = malloc((size_t)status.st_size);
	if (!bytes)
		return SHOJI_ERR_MEMORY;
	if (pread(fd, bytes, (size_t)status.st_size, 0) != status.st_size) {
		free(bytes);
		return SHOJI_ERR_SYSTEM;
	}
	*out = bytes;
	*length = (size_t)status.st_size;
	return 0;
}

/* A key with a passphrase must not make OpenSSL ask on a terminal. */
static int no_passphrase(char *buffer, int size, int is_writing, void *data)
{
	(void)buffer, (void)size, (void)is_writing, (void)data;
	return -1;
}

static int parse_certificates(struct tls_identity *self, const char *pem, size_t length)
{
	BIO *bio = BIO_new_mem_buf(pem, (int)length);

	self->chain = sk_X509_new_null();
	if (!bio || !self->chain) {
		BIO_free(bio);
		return SHOJI_ERR_MEMORY;
	}
	self->leaf = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
	for (X509 *next = self->leaf; next;) {
		next = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
		if (next && !sk_X509_push(self->chain, next)) {
			X509_free(next);
			break;
		}
	}
	BIO_free(bio);
	ERR_clear_error(); /* the last read always ends in "no start line" */
	return self->leaf ? 0 : SHOJI_ERR_MALFORMED;
}

static int parse_key(struct tls_identity *self, const char *pem, size_t length)
{
	BIO *bio = BIO_new_mem_buf(pem, (int)length);

	if (!bio)
		return SHOJI_ERR_MEMORY;
	self->key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	BIO_free(bio);
	ERR_clear_error();
	return self->key ? 0 : SHOJI_ERR_MALFORMED;
}

static int read_certificates(struct tls_identity *self, int fd)
{
	char *pem;
	size_t length;
	int error = read_whole(fd, &pem, &length);

	if (error)
		return error;
	error = parse_certificates(self, pem, length);
	free(pem);
	return error;
}

static int read_key(struct tls_identity *self, int fd)
{
	char *pem;
	size_t length;
	int error = read_whole(fd, &pem, &length);

	if (error)
		return error;
	error = parse_key(self, pem, length);
	explicit_bzero(pem, length);
	free(pem);
	return error;
}

static int read_pair(struct tls_identity *self, int certificate_fd, int key_fd)
{
	int error = read_certificates(self, certificate_fd);

	if (error) {
		log_error(0,
		        "gate.certificate cannot be used (%s): it must be PEM, the server's "
		        "certificate first, then its chain",
		        shoji_error_text(error));
		return error;
	}
	error = read_key(self, key_fd);
	if (error) {
		log_error(0,
		        "gate.key cannot be used (%s): it must be a PEM private key without "
		        "passphrase",
		        shoji_error_text(error));
		return error;
	}
	if (X509_check_private_key(self->leaf, self->key) != 1) {
		log_error(0, "gate.key does not belong to gate.certificate: install the two that "
		             "were issued together");
		return SHOJI_ERR_CONFIG;
	}
	if (X509_cmp_current_time(X509_get0_notAfter(self->leaf)) < 0)
		log_warning(0, "gate.certificate has expired: browsers will refuse it; renew it "
		               "(certs/shoji-ca renew)");
	return 0;
}

int tls_identity_new(int certificate_fd, int key_fd, struct tls_identity **out)
{
	struct tls_identity *self = calloc(1, sizeof(*self));

	if (!self)
		return SHOJI_ERR_MEMORY;
	int error = read_pair(self, certificate_fd, key_fd);
	if (error)
		tls_identity_free(self);
	else
		*out = self;
	return error;
}

void tls_identity_free(struct tls_identity *self)
{
	if (!self)
		return;
	X509_free(self->leaf);
	sk_X509_pop_free(self->chain, X509_free);
	EVP_PKEY_free(self->key);
	free(self);
}

bool tls_identity_names(const void *identity, const char *host)
{
	const struct tls_identity *self = identity;

	return X509_check_ip_asc(self->leaf, host, 0) == 1 ||
	       X509_check_host(self->leaf, host, strlen(host), X509_CHECK_FLAG_NEVER_CHECK_SUBJECT,
	               NULL) == 1;
}

int tls_configure(const struct tls_identity *self, struct ssl_ctx_st *context, bool with_tls_1_2)
{
	bool is_done =
	        SSL_CTX_set_min_proto_version(
	                context, with_tls_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION) == 1 &&
	        SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
	        SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
	        SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1 &&
	        SSL_CTX_set_num_tickets(context, 1) == 1 &&
	        SSL_CTX_use_cert_and_key(context, self->leaf, self->key, self->chain, 1) == 1;

	SSL_CTX_set_options(context,
	        SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
	/* Resumption is by ticket; a cache would hold memory for terminals that are gone. */
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	if (!is_done) {
		unsigned long code = ERR_get_error();
		log_error(0, "TLS cannot be set up with gate.certificate and gate.key: %s",
		        code ? ERR_reason_error_string(code) : "unknown reason");
		ERR_clear_error();
	}
	return is_done ? 0 : SHOJI_ERR_CONFIG;
}
