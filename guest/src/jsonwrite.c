#include "json.h"

#include <string.h>

/* Length of the UTF-8 sequence that starts here; 0 where it is none. */
static size_t utf8_length(const unsigned char *s)
{
	size_t length = *s < 0x80 ? 1 : *s >= 0xc2 && *s < 0xe0 ? 2 : (*s & 0xf0) == 0xe0 ? 3 : *s >= 0xf0 && *s < 0xf5 ? 4 : 0;
	for (size_t i = 1; i < length; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((*s == 0xe0 && s[1] < 0xa0) || (*s == 0xed && s[1] > 0x9f) || (*s == 0xf0 && s[1] < 0x90) || (*s == 0xf4 && s[1] > 0x8f))
		return 0;
	return length;
}

void json_quote(struct buf *buf, const char *text)
{
	buf_text(buf, "\"");
	for (const unsigned char *s = (const unsigned char *)text; *s;) {
		size_t length = utf8_length(s);
		if (length == 0)
			buf_text(buf, "\\ufffd");
		else if (*s == '"' || *s == '\\')
			buf_format(buf, "\\%c", *s);
		else if (*s < 0x20 || *s == 0x7f)
			buf_format(buf, "\\u%04x", *s);
		else
			buf_add(buf, s, length);
		s += length ? length : 1;
	}
	buf_text(buf, "\"");
}

static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(struct buf *buf, const void *data, size_t length)
{
	const unsigned char *in = data;
	char out[1024];
	size_t used = 0;
	for (size_t i = 0; i < length; i += 3) {
		size_t left = length - i;
		uint32_t bits = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) | (left > 2 ? in[i + 2] : 0);
		out[used++] = DIGITS[bits >> 18];
		out[used++] = DIGITS[bits >> 12 & 63];
		out[used++] = left > 1 ? DIGITS[bits >> 6 & 63] : '=';
		out[used++] = left > 2 ? DIGITS[bits & 63] : '=';
		if (used == sizeof out) {
			buf_add(buf, out, used);
			used = 0;
		}
	}
	buf_add(buf, out, used);
}

bool base64_decode(struct buf *buf, const char *text)
{
	size_t length = strlen(text), padding = 0;
	if (length % 4 != 0)
		return false;
	while (padding < 2 && padding < length && text[length - 1 - padding] == '=')
		padding++;
	for (size_t i = 0; i < length; i += 4) {
		bool last = i + 4 == length;
		uint32_t bits = 0;
		for (size_t j = 0; j < 4; j++) {
			bool padded = last && j >= 4 - padding;
			const char *digit = padded ? DIGITS : strchr(DIGITS, text[i + j]);
			if (!digit)
				return false;
			bits = bits << 6 | (uint32_t)(digit - DIGITS);
		}
		unsigned char out[3] = {(unsigned char)(bits >> 16), (unsigned char)(bits >> 8), (unsigned char)bits};
		buf_add(buf, out, last ? 3 - padding : 3);
	}
	return true;
}
