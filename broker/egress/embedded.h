/* Files of start_page/ and refusal.html as bytes, made by embed.cmake at build time. */
#ifndef SHOJI_EGRESS_EMBEDDED_H
#define SHOJI_EGRESS_EMBEDDED_H

#include <stddef.h>

#define EMBEDDED(name)                                                                             \
	extern const unsigned char egress_embedded_##name[];                                       \
	extern const size_t egress_embedded_##name##_length;
EMBEDDED(index_html)
EMBEDDED(style_css)
EMBEDDED(refusal_html)
#undef EMBEDDED

#endif
