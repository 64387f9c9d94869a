/* Little-endian fields whose length the caller has checked. */
#ifndef SHOJI_STREAM_LITTLE_ENDIAN_H
#define SHOJI_STREAM_LITTLE_ENDIAN_H

#include <stdint.h>

static inline uint16_t read_u16(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t read_u24(const uint8_t *at)
{
	return (uint32_t)(at[0] | at[1] << 8 | at[2] << 16);
}

static inline uint32_t read_u32(const uint8_t *at)
{
	return (uint32_t)read_u16(at) | (uint32_t)read_u16(at + 2) << 16;
}

static inline uint64_t read_u64(const uint8_t *at)
{
	return (uint64_t)read_u32(at) | (uint64_t)read_u32(at + 4) << 32;
}

#endif
