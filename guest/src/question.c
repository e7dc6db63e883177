#include "question.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "net.h"

struct buf question_http(uint16_t port, const char *path, const struct json *headers)
{
	struct buf request = {0};
	bool host = false;
	buf_text(&request, "GET ");
	buf_text(&request, *path == '/' ? "" : "/");
	buf_text(&request, path);
	buf_text(&request, " HTTP/1.1\r\nUser-Agent: kube-probe/skep\r\nAccept: */*\r\nConnection: close\r\n");
	for (const struct json *at = headers ? headers->first : NULL; at; at = at->next) {
		const struct json *name = at->type == JSON_ARRAY ? at->first : NULL, *value = name ? name->next : NULL;
		if (!value || name->type != JSON_STRING || value->type != JSON_STRING)
			continue;
		host |= strcasecmp(name->text, "host") == 0;
		buf_text(&request, name->text);
		buf_text(&request, ": ");
		buf_text(&request, value->text);
		buf_text(&request, "\r\n");
	}
	if (!host)
		buf_format(&request, "Host: " GUEST_ADDRESS ":%u\r\n", port);
	buf_text(&request, "\r\n");
	return request;
}

enum verdict answer_http(const struct buf *answer, bool ended, char *why, size_t size)
{
	enum { STATUS_LINE = 12 }; /* "HTTP/1.1 200" */
	if (answer->length < STATUS_LINE) {
		snprintf(why, size, "connection closed before an answer");
		return ended ? VERDICT_FAIL : VERDICT_OPEN;
	}
	const char *digits = answer->data + 9;
	bool http = memcmp(answer->data, "HTTP/1.", 7) == 0 && isdigit((unsigned char)digits[0]) && isdigit((unsigned char)digits[1]) && isdigit((unsigned char)digits[2]);
	int status = http ? (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + digits[2] - '0' : 0;
	if (status >= 200 && status < 400)
		return VERDICT_PASS;
	if (http)
		snprintf(why, size, "status %d (expected: 200 to 399)", status);
	else
		snprintf(why, size, "the answer is not HTTP/1");
	return VERDICT_FAIL;
}

enum { HEADERS_FRAME = 1, DATA_FRAME = 0, RESET_FRAME = 3, SETTINGS_FRAME = 4, GOAWAY_FRAME = 7, END_STREAM = 1, END_HEADERS = 4, PADDED = 8, FRAME_HEADER = 9 };

static void add_frame(struct buf *out, int type, int flags, uint32_t stream, const struct buf *payload)
{
	size_t length = payload ? payload->length : 0;
	unsigned char header[FRAME_HEADER] = {(unsigned char)(length >> 16), (unsigned char)(length >> 8), (unsigned char)length, (unsigned char)type, (unsigned char)flags, 0, 0, 0, (unsigned char)stream};
	buf_add(out, header, sizeof header);
	if (payload)
		buf_add(out, payload->data, length);
}

static void add_string(struct buf *out, const char *text)
{
	unsigned char length = (unsigned char)strlen(text); /* all below 127: one byte in HPACK and protobuf alike */
	buf_add(out, &length, 1);
	buf_text(out, text);
}

/* HPACK: a literal without indexing, its name spelled out. */
static void add_header(struct buf *out, const char *name, const char *value)
{
	buf_add(out, "", 1);
	add_string(out, name);
	add_string(out, value);
}

struct buf question_grpc(uint16_t port, const char *service)
{
	struct buf out = {0}, headers = {0}, message = {0}, body = {0};
	char authority[32];
	snprintf(authority, sizeof authority, GUEST_ADDRESS ":%u", port);
	buf_add(&headers, "\x83\x86", 2); /* static table: POST, http */
	add_header(&headers, ":path", "/grpc.health.v1.Health/Check");
	add_header(&headers, ":authority", authority);
	add_header(&headers, "content-type", "application/grpc");
	add_header(&headers, "te", "trailers");
	if (*service) {
		buf_add(&message, "\x0a", 1);
		add_string(&message, service);
	}
	unsigned char prefix[5] = {0, 0, 0, 0, (unsigned char)message.length};
	buf_add(&body, prefix, sizeof prefix);
	buf_add(&body, message.data, message.length);

	buf_text(&out, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	add_frame(&out, SETTINGS_FRAME, 0, 0, NULL);
	add_frame(&out, HEADERS_FRAME, END_HEADERS, 1, &headers);
	add_frame(&out, DATA_FRAME, END_STREAM, 1, &body);
	buf_free(&headers);
	buf_free(&message);
	buf_free(&body);
	return out;
}

/* HealthCheckResponse{status: SERVING} behind gRPC's prefix; it may come in pieces. */
static enum verdict judge_message(const unsigned char *data, size_t length, char *why, size_t size)
{
	static const char *const STATUS[] = {"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"};
	if (length < 5 || length < 5U + data[4])
		return VERDICT_OPEN;
	int status = length >= 7 && data[0] == 0 && data[5] == 8 ? data[6] : 0;
	if (status == 1)
		return VERDICT_PASS;
	snprintf(why, size, "health status %s (expected: SERVING)", status < 4 ? STATUS[status] : "unknown");
	return VERDICT_FAIL;
}

enum verdict answer_grpc(const struct buf *answer, bool ended, char *why, size_t size)
{
	const unsigned char *at = (const unsigned char *)answer->data, *end = at + answer->length;
	unsigned char message[16];
	size_t have = 0;
	while (end - at >= FRAME_HEADER) {
		size_t length = (size_t)at[0] << 16 | (size_t)at[1] << 8 | at[2];
		int type = at[3], flags = at[4];
		if ((size_t)(end - at) - FRAME_HEADER < length)
			break;
		const unsigned char *payload = at + FRAME_HEADER;
		at = payload + length;
		if (type == DATA_FRAME) {
			size_t padding = flags & PADDED && length > 0;
			for (size_t i = padding; i < length && have < sizeof message; i++)
				message[have++] = payload[i];
			enum verdict verdict = judge_message(message, have, why, size);
			if (verdict != VERDICT_OPEN)
				return verdict;
		}
		if (type == RESET_FRAME || type == GOAWAY_FRAME || (type == HEADERS_FRAME && flags & END_STREAM)) {
			snprintf(why, size, "no health status in the answer (expected: the service grpc.health.v1.Health)");
			return VERDICT_FAIL;
		}
	}
	snprintf(why, size, "connection closed before an answer (expected: HTTP/2)");
	return ended ? VERDICT_FAIL : VERDICT_OPEN;
}
