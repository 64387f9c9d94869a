/* The slow half of the arithmetic code's writer: carries, and the end. Encode's own making, on no boundary. */
#include "encode/code_writer.h"

void code_writer_begin(struct code_writer *self, uint8_t *out, size_t size)
{
	*self = (struct code_writer){
	        .range = UINT32_MAX, .start = out, .at = out, .end = out + size};
}

static void put_byte(struct code_writer *self, uint8_t byte)
{
	if (self->at == self->end)
		self->is_full = true;
	else
		*self->at++ = byte;
}

void code_writer_shift(struct code_writer *self)
{
	uint8_t carry = (uint8_t)(self->low >> 32);

	/* Nothing waits before the very first byte, which no carry reaches. */
	if (carry || self->n_waiting == 0 || (uint32_t)self->low < 0xff000000u) {
		for (uint8_t byte = self->first_waiting; self->n_waiting > 0; self->n_waiting--) {
			put_byte(self, (uint8_t)(byte + carry));
			byte = 0xff;
		}
		self->first_waiting = (uint8_t)(self->low >> 24);
	}
	self->n_waiting++;
	self->low = (uint32_t)(self->low << 8);
}

/* Of the numbers that are left the one with the most zeroes at its end: a reader makes them up itself. */
static void round_low(struct code_writer *self)
{
	uint64_t last = self->low + self->range - 1;

	for (uint32_t n_bits = 32; n_bits-- > 0;) {
		uint64_t round = last >> n_bits << n_bits;
		if (round >= self->low) {
			self->low = round;
			return;
		}
	}
}

size_t code_writer_end(struct code_writer *self)
{
	round_low(self);
	for (uint32_t i = 0; i < 5; i++)
		code_writer_shift(self);
	while (self->at > self->start && self->at[-1] == 0)
		self->at--;
	/* No byte at all would be a code without end; it is said as one zero. */
	if (self->at == self->start)
		put_byte(self, 0);
	return self->is_full ? 0 : (size_t)(self->at - self->start);
}
