#include "question.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

typedef enum verdict judge(const struct buf *answer, bool ended, char *why, size_t size);

static char why[128];

static enum verdict ask(judge *with, const void *bytes, size_t length, bool ended)
{
	struct buf answer = {0};
	*why = 0;
	char *copy = malloc(length ? length : 1); /* exact, for the sanitizer */
	memcpy(copy, bytes, length);
	answer.data = copy;
	answer.length = length;
	enum verdict verdict = with(&answer, ended, why, sizeof why);
	free(copy);
	return verdict;
}

static enum verdict http(const char *text, bool ended)
{
	return ask(answer_http, text, strlen(text), ended);
}

static void http_passes_from_200_to_399(void)
{
	CHECK(http("HTTP/1.1 200 OK\r\n", false) == VERDICT_PASS);
	CHECK(http("HTTP/1.0 399 X\r\n", false) == VERDICT_PASS);
	CHECK(http("HTTP/1.1 204", false) == VERDICT_PASS);
	CHECK(http("HTTP/1.1 199 X\r\n", false) == VERDICT_FAIL);
	CHECK(http("HTTP/1.1 400 X\r\n", false) == VERDICT_FAIL && strstr(why, "status 400"));
	CHECK(http("HTTP/1.", false) == VERDICT_OPEN);
	CHECK(http("HTTP/1.", true) == VERDICT_FAIL);
	CHECK(http("SSH-2.0-OpenSSH_9", false) == VERDICT_FAIL && strstr(why, "not HTTP"));
}

static void http_asks_what_was_configured(void)
{
	char text[] = "[[\"X-A\",\"b\"],[\"host\",\"own\"],[1],\"junk\"]";
	struct json_doc doc;
	struct buf request = question_http(80, "healthz?x=1", json_parse(&doc, text, strlen(text)));
	buf_add(&request, "", 1);
	CHECK(strncmp(request.data, "GET /healthz?x=1 HTTP/1.1\r\n", 27) == 0);
	CHECK(strstr(request.data, "\r\nX-A: b\r\n"));
	CHECK(strstr(request.data, "\r\nhost: own\r\n"));
	CHECK(!strstr(request.data, "\r\nHost: "));
	json_free(&doc);
	buf_free(&request);
}

/* A frame of HTTP/2 into out. */
static size_t frame(char *out, int type, int flags, const char *payload, size_t length)
{
	char header[9] = {0, 0, (char)length, (char)type, (char)flags, 0, 0, 0, 1};
	memcpy(out, header, sizeof header);
	memcpy(out + sizeof header, payload, length);
	return sizeof header + length;
}

static enum verdict grpc(char status, bool in_pieces, bool padded)
{
	char bytes[256], serving[] = {0, 0, 0, 0, 2, 8, status};
	size_t length = frame(bytes, 4, 0, "", 0);
	length += frame(bytes + length, 1, 4, "\x88", 1);
	if (padded) {
		char whole[] = {2, 0, 0, 0, 0, 2, 8, status, 0, 0};
		length += frame(bytes + length, 0, 8, whole, sizeof whole);
	} else if (in_pieces) {
		length += frame(bytes + length, 0, 0, serving, 3);
		length += frame(bytes + length, 0, 0, serving + 3, 4);
	} else {
		length += frame(bytes + length, 0, 0, serving, sizeof serving);
	}
	for (size_t cut = 0; cut < length - 2; cut++) /* the status may be followed by padding */
		CHECK(ask(answer_grpc, bytes, cut, false) != VERDICT_PASS || padded);
	return ask(answer_grpc, bytes, length, false);
}

static void grpc_passes_when_serving(void)
{
	CHECK(grpc(1, false, false) == VERDICT_PASS);
	CHECK(grpc(1, true, false) == VERDICT_PASS);
	CHECK(grpc(1, false, true) == VERDICT_PASS);
	CHECK(grpc(2, false, false) == VERDICT_FAIL && strstr(why, "NOT_SERVING"));
	CHECK(grpc(99, false, false) == VERDICT_FAIL);
	char bytes[64];
	size_t length = frame(bytes, 1, 4 | 1, "\x88", 1); /* trailers only: the service is not there */
	CHECK(ask(answer_grpc, bytes, length, false) == VERDICT_FAIL && strstr(why, "grpc.health.v1.Health"));
	CHECK(ask(answer_grpc, "HTTP/1.1 400 Bad Request\r\n\r\n", 28, true) == VERDICT_FAIL);
	CHECK(ask(answer_grpc, "", 0, true) == VERDICT_FAIL);
}

static void survives_noise(unsigned seed)
{
	srand(seed);
	for (int round = 0; round < 20000; round++) {
		char bytes[64];
		size_t length = (size_t)rand() % sizeof bytes;
		for (size_t i = 0; i < length; i++)
			bytes[i] = (char)(rand() % 4 ? rand() % 10 : rand());
		ask(answer_grpc, bytes, length, round % 2);
		ask(answer_http, bytes, length, round % 2);
	}
	CHECK(true);
}

void question_tests(unsigned seed)
{
	http_passes_from_200_to_399();
	http_asks_what_was_configured();
	grpc_passes_when_serving();
	survives_noise(seed);
}
