#include "json.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

/* A copy without room behind it, so that the sanitizer sees every read that goes too far. */
static char *exact(const char *text, size_t length)
{
	char *copy = malloc(length ? length : 1);
	memcpy(copy, text, length);
	return copy;
}

static bool accepts(const char *text)
{
	struct json_doc doc;
	char *copy = exact(text, strlen(text));
	bool good = json_parse(&doc, copy, strlen(text)) != NULL;
	CHECK(good == (doc.error == NULL));
	json_free(&doc);
	free(copy);
	return good;
}

/* The string that text is, or "(refused)". */
static bool decodes(const char *text, const char *expected)
{
	struct json_doc doc;
	char *copy = exact(text, strlen(text));
	const struct json *value = json_parse(&doc, copy, strlen(text));
	bool same = strcmp(value && value->type == JSON_STRING ? value->text : "(refused)", expected) == 0;
	json_free(&doc);
	free(copy);
	return same;
}

static void reads_what_a_host_sends(void)
{
	char text[] = " {\"type\":\"start\", \"id\" : 12,\"n\":-7,\"t\":true,\"z\":null,\"f\":1.5,\"process\":{\"argv\":[\"a\",\"b c\"],\"env\":[]},\"mixed\":[\"a\",1]}\n";
	struct json_doc doc;
	const struct json *root = json_parse(&doc, text, strlen(text));
	CHECK(root != NULL);
	CHECK(strcmp(json_text(root, "type", ""), "start") == 0);
	CHECK(json_number(root, "id", 0) == 12);
	CHECK(json_number(root, "n", 0) == -7);
	CHECK(json_number(root, "t", 0) == 1);
	CHECK(json_number(root, "f", 0) == 1);
	CHECK(json_number(root, "z", 42) == 42);
	CHECK(json_number(root, "type", 42) == 42);
	CHECK(strcmp(json_text(root, "id", "not text"), "not text") == 0);
	CHECK(json_get(root, "missing") == NULL);
	CHECK(json_get(NULL, "x") == NULL);
	const struct json *process = json_get(root, "process");
	char **argv = json_strings(json_get(process, "argv"), false);
	CHECK(argv && strcmp(argv[0], "a") == 0 && strcmp(argv[1], "b c") == 0 && !argv[2]);
	CHECK(json_strings(json_get(process, "env"), false) == NULL);
	CHECK(json_strings(json_get(root, "mixed"), true) == NULL);
	CHECK(json_strings(root, true) == NULL);
	for (char **at = argv; at && *at; at++)
		free(*at);
	free(argv);
	json_free(&doc);
}

static void decodes_escapes(void)
{
	CHECK(decodes("\"\"", ""));
	CHECK(decodes("\"a\\n\\t\\\"\\\\\\/\\b\\f\\r\"", "a\n\t\"\\/\b\f\r"));
	CHECK(decodes("\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\"", "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
	CHECK(decodes("\"\\u0000\"", "(refused)")); /* would end the string early */
	CHECK(decodes("\"\\ud83d\"", "(refused)"));
	CHECK(decodes("\"\\ude00\"", "(refused)"));
	CHECK(decodes("\"\\ud83dxx\"", "(refused)"));
	CHECK(decodes("\"\\ud83d\\u0041\"", "(refused)"));
	CHECK(decodes("\"\\x\"", "(refused)"));
	CHECK(decodes("\"\\u12\"", "(refused)"));
	CHECK(decodes("\"a\nb\"", "(refused)"));
}

static void refuses_what_is_no_json(void)
{
	static const char *const BAD[] = {"", " ", "{", "}", "[", "[1,", "[1,]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "\"", "\"a", "\"\\", "tru", "nul", "-", "1e5",
					  "99999999999999999999", "1 2", "{}{}", "\"\\u", "[1 2]", "+1", "{\"a\" 1}"};
	for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
		CHECK(!accepts(BAD[i]));
	char deep[201];
	memset(deep, '[', 100);
	memset(deep + 100, ']', 100);
	deep[200] = 0;
	CHECK(!accepts(deep));
	CHECK(accepts("[[[[1]]]]"));
}

/* Whatever comes, nothing is read or written beyond the text. */
static void survives_noise(unsigned seed)
{
	static const char ALPHABET[] = "{}[]\",:\\u0123456789abcdeftruenull-. \n\x80\xff";
	static const char GOOD[] = "{\"type\":\"start\",\"a\":[1,\"\\u20ac\",{\"b\":null}],\"id\":12}";
	srand(seed);
	for (int round = 0; round < 20000; round++) {
		char text[64];
		size_t length = (size_t)rand() % sizeof text;
		for (size_t i = 0; i < length; i++)
			text[i] = ALPHABET[(size_t)rand() % (sizeof ALPHABET - 1)];
		if (round % 2) { /* good JSON with one wound */
			length = sizeof GOOD - 1;
			memcpy(text, GOOD, length);
			text[(size_t)rand() % length] = (char)rand();
			length -= (size_t)rand() % 3;
		}
		char *copy = exact(text, length);
		struct json_doc doc;
		json_parse(&doc, copy, length);
		json_free(&doc);
		free(copy);
	}
	CHECK(true);
}

static bool quotes(const char *text, const char *expected)
{
	struct buf buf = {0};
	json_quote(&buf, text);
	bool same = buf.length == strlen(expected) && memcmp(buf.data, expected, buf.length) == 0;
	buf_free(&buf);
	return same;
}

static void writes_only_utf8(void)
{
	CHECK(quotes("", "\"\""));
	CHECK(quotes("a\"b\\c\n", "\"a\\\"b\\\\c\\u000a\""));
	CHECK(quotes("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""));
	CHECK(quotes("\xff", "\"\\ufffd\""));
	CHECK(quotes("\xc3", "\"\\ufffd\""));
	CHECK(quotes("\xe2\x82", "\"\\ufffd\\ufffd\""));
	CHECK(quotes("\xc0\x80", "\"\\ufffd\\ufffd\""));         /* overlong */
	CHECK(quotes("\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"")); /* half a pair */
}

void json_tests(unsigned seed)
{
	reads_what_a_host_sends();
	decodes_escapes();
	refuses_what_is_no_json();
	survives_noise(seed);
	writes_only_utf8();
}

static bool round_trips(const unsigned char *data, size_t length)
{
	struct buf text = {0}, back = {0};
	base64_encode(&text, data, length);
	buf_add(&text, "", 1);
	bool same = base64_decode(&back, text.data) && back.length == length && (length == 0 || memcmp(back.data, data, length) == 0);
	buf_free(&text);
	buf_free(&back);
	return same;
}

static bool base64_accepts(const char *text)
{
	struct buf buf = {0};
	bool good = base64_decode(&buf, text);
	buf_free(&buf);
	return good;
}

void base64_tests(unsigned seed)
{
	struct buf text = {0};
	base64_encode(&text, "Ma", 2);
	CHECK(text.length == 4 && memcmp(text.data, "TWE=", 4) == 0);
	buf_free(&text);
	srand(seed);
	for (size_t length = 0; length < 3000; length += 1 + length / 8) {
		unsigned char data[3000];
		for (size_t i = 0; i < length; i++)
			data[i] = (unsigned char)rand();
		CHECK(round_trips(data, length));
	}
	CHECK(base64_accepts(""));
	CHECK(!base64_accepts("A"));
	CHECK(!base64_accepts("AAA"));
	CHECK(!base64_accepts("AA!="));
	CHECK(!base64_accepts("A==="));
	CHECK(!base64_accepts("AA==AAAA"));
}
