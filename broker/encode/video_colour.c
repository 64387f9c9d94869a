/* Fixed point, 1/65536. The sum of the factors of Y' is 219/255 and that of the others 0, so that grey stays grey. Stands on no boundary:
 * the caller has checked the area. */
#include "encode/video_colour.h"

/* 65536 x 219/255 x {0.2126, 0.7152, 0.0722} */
#define Y_R 11966
#define Y_G 40254
#define Y_B 4064
#define Y_BASE ((16 << 16) + 32768)
/* 65536 x 224/255 / 2 x (B' - Y') / (1 - 0.0722), resp. R' and 0.2126; for sums of four pixels, so shifted by two more. */
#define U_R (-6596)
#define U_G (-22189)
#define U_B 28785
#define V_R 28784
#define V_G (-26145)
#define V_B (-2639)
#define UV_BASE ((128 << 18) + (1 << 17))

static void convert_luma(const uint8_t *row, uint32_t width, uint8_t *out)
{
	for (uint32_t x = 0; x < width; x++) {
		const uint8_t *p = row + (unsigned long)x * 4;
		out[x] = (uint8_t)((Y_B * p[0] + Y_G * p[1] + Y_R * p[2] + Y_BASE) >> 16);
	}
	if (width & 1)
		out[width] = out[width - 1];
}

static void convert_chroma(
        const uint8_t *above, const uint8_t *below, uint32_t width, uint8_t *u, uint8_t *v)
{
	for (uint32_t x = 0; x < width / 2; x++) {
		const uint8_t *a = above + (unsigned long)x * 8, *b = below + (unsigned long)x * 8;
		int blue = a[0] + a[4] + b[0] + b[4];
		int green = a[1] + a[5] + b[1] + b[5];
		int red = a[2] + a[6] + b[2] + b[6];
		u[x] = (uint8_t)((U_R * red + U_G * green + U_B * blue + UV_BASE) >> 18);
		v[x] = (uint8_t)((V_R * red + V_G * green + V_B * blue + UV_BASE) >> 18);
	}
	if (width & 1) {
		const uint8_t *a = above + (unsigned long)(width - 1) * 4;
		const uint8_t *b = below + (unsigned long)(width - 1) * 4;
		int blue = 2 * (a[0] + b[0]), green = 2 * (a[1] + b[1]), red = 2 * (a[2] + b[2]);
		u[width / 2] = (uint8_t)((U_R * red + U_G * green + U_B * blue + UV_BASE) >> 18);
		v[width / 2] = (uint8_t)((V_R * red + V_G * green + V_B * blue + UV_BASE) >> 18);
	}
}

void video_colour_convert(const uint8_t *pixels, uint32_t stride_bytes, uint32_t width,
        uint32_t height, const struct video_planes *out)
{
	for (uint32_t y = 0; y < height; y += 2) {
		const uint8_t *above = pixels + (unsigned long)y * stride_bytes;
		const uint8_t *below = y + 1 < height ? above + stride_bytes : above;
		uint8_t *luma = out->y + (unsigned long)y * out->y_stride;
		convert_luma(above, width, luma);
		convert_luma(below, width, luma + out->y_stride);
		convert_chroma(above, below, width,
		        out->u + (unsigned long)(y / 2) * out->uv_stride,
		        out->v + (unsigned long)(y / 2) * out->uv_stride);
	}
}
