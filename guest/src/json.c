#include "json.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_NODES = 128, MAX_DEPTH = 32 };

struct json_chunk {
	struct json_chunk *next;
	size_t used;
	struct json nodes[CHUNK_NODES];
};

struct parser {
	struct json_doc *doc;
	char *at;
	char *end;
	int depth;
};

static struct json *value(struct parser *p);

static struct json *fail(struct parser *p, const char *error)
{
	p->doc->error = error;
	return NULL;
}

static struct json *node(struct parser *p, enum json_type type)
{
	struct json_chunk *chunk = p->doc->chunks;
	if (!chunk || chunk->used == CHUNK_NODES) {
		chunk = must_alloc(sizeof *chunk);
		chunk->next = p->doc->chunks;
		p->doc->chunks = chunk;
	}
	struct json *made = &chunk->nodes[chunk->used++];
	made->type = type;
	return made;
}

static void skip_space(struct parser *p)
{
	while (p->at < p->end && (*p->at == ' ' || *p->at == '\n' || *p->at == '\r' || *p->at == '\t'))
		p->at++;
}

static bool take(struct parser *p, char expected)
{
	skip_space(p);
	if (p->at >= p->end || *p->at != expected)
		return false;
	p->at++;
	return true;
}

static int hex4(struct parser *p)
{
	int number = 0;
	if (p->end - p->at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = *p->at++;
		int digit = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
		if (digit < 0)
			return -1;
		number = number << 4 | digit;
	}
	return number;
}

static char *put_utf8(char *out, int c)
{
	if (c < 0x80) {
		*out++ = (char)c;
	} else if (c < 0x800) {
		*out++ = (char)(0xc0 | c >> 6);
		*out++ = (char)(0x80 | (c & 63));
	} else if (c < 0x10000) {
		*out++ = (char)(0xe0 | c >> 12);
		*out++ = (char)(0x80 | (c >> 6 & 63));
		*out++ = (char)(0x80 | (c & 63));
	} else {
		*out++ = (char)(0xf0 | c >> 18);
		*out++ = (char)(0x80 | (c >> 12 & 63));
		*out++ = (char)(0x80 | (c >> 6 & 63));
		*out++ = (char)(0x80 | (c & 63));
	}
	return out;
}

/* After \u: the code point, both halves of a pair taken; -1 where it is none. */
static int code_point(struct parser *p)
{
	int c = hex4(p);
	if (c >= 0xdc00 && c <= 0xdfff)
		return -1;
	if (c < 0xd800 || c > 0xdbff)
		return c;
	if (p->end - p->at < 6 || p->at[0] != '\\' || p->at[1] != 'u')
		return -1;
	p->at += 2;
	int low = hex4(p);
	return low < 0xdc00 || low > 0xdfff ? -1 : 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
}

/* After a backslash: writes what it stands for, which is never longer than what stood there. */
static char *unescape(struct parser *p, char *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	if (p->at >= p->end)
		return NULL;
	char c = *p->at++;
	if (c == 'u') {
		int point = code_point(p);
		return point <= 0 ? NULL : put_utf8(out, point);
	}
	const char *found = c ? strchr(from, c) : NULL;
	if (!found)
		return NULL;
	*out++ = to[found - from];
	return out;
}

/* The opening quote has been taken; decodes in place and terminates where a quote or more has been. */
static const char *string(struct parser *p)
{
	char *start = p->at, *out = p->at;
	while (p->at < p->end) {
		char c = *p->at++;
		if (c == '"') {
			*out = 0;
			return start;
		}
		if ((unsigned char)c < 0x20)
			break;
		if (c == '\\')
			out = unescape(p, out);
		else
			*out++ = c;
		if (!out)
			break;
	}
	fail(p, "bad string");
	return NULL;
}

static struct json *number(struct parser *p)
{
	bool negative = *p->at == '-';
	p->at += negative;
	char *digits = p->at;
	int64_t n = 0;
	while (p->at < p->end && *p->at >= '0' && *p->at <= '9')
		if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, *p->at++ - '0', &n))
			return fail(p, "number too large");
	if (p->at == digits)
		return fail(p, "bad number");
	if (p->at < p->end && *p->at == '.')
		for (p->at++; p->at < p->end && *p->at >= '0' && *p->at <= '9';)
			p->at++;
	if (p->at < p->end && (*p->at | 32) == 'e')
		return fail(p, "number with an exponent");
	struct json *made = node(p, JSON_NUMBER);
	made->number = negative ? -n : n;
	return made;
}

static struct json *word(struct parser *p, const char *text, enum json_type type, int64_t n)
{
	size_t length = strlen(text);
	if ((size_t)(p->end - p->at) < length || memcmp(p->at, text, length) != 0)
		return fail(p, "bad value");
	p->at += length;
	struct json *made = node(p, type);
	made->number = n;
	return made;
}

static struct json *member(struct parser *p, bool named)
{
	const char *key = NULL;
	if (named) {
		if (!take(p, '"'))
			return fail(p, "expected a key");
		key = string(p);
		if (!key)
			return NULL;
		if (!take(p, ':'))
			return fail(p, "expected ':'");
	}
	struct json *made = value(p);
	if (made)
		made->key = key;
	return made;
}

static struct json *list(struct parser *p, enum json_type type)
{
	char close = *p->at++ == '{' ? '}' : ']';
	struct json *made = node(p, type), **last = &made->first;
	if (++p->depth > MAX_DEPTH)
		return fail(p, "nested too deep");
	if (!take(p, close)) {
		do {
			*last = member(p, type == JSON_OBJECT);
			if (!*last)
				return NULL;
			last = &(*last)->next;
		} while (take(p, ','));
		if (!take(p, close))
			return fail(p, "expected ',' or the end of a list");
	}
	p->depth--;
	return made;
}

static struct json *value(struct parser *p)
{
	skip_space(p);
	if (p->at >= p->end)
		return fail(p, "ends early");
	switch (*p->at) {
	case '{': return list(p, JSON_OBJECT);
	case '[': return list(p, JSON_ARRAY);
	case 't': return word(p, "true", JSON_BOOL, 1);
	case 'f': return word(p, "false", JSON_BOOL, 0);
	case 'n': return word(p, "null", JSON_NULL, 0);
	case '"': break;
	default: return number(p);
	}
	p->at++;
	const char *text = string(p);
	if (!text)
		return NULL;
	struct json *made = node(p, JSON_STRING);
	made->text = text;
	return made;
}

const struct json *json_parse(struct json_doc *doc, char *text, size_t length)
{
	struct parser p = {doc, text, text + length, 0};
	*doc = (struct json_doc){0};
	const struct json *root = value(&p);
	skip_space(&p);
	if (root && p.at != p.end)
		return fail(&p, "text after the value");
	return root;
}

void json_free(struct json_doc *doc)
{
	while (doc->chunks) {
		struct json_chunk *chunk = doc->chunks;
		doc->chunks = chunk->next;
		free(chunk);
	}
}

const struct json *json_get(const struct json *object, const char *key)
{
	if (!object || object->type != JSON_OBJECT)
		return NULL;
	for (const struct json *at = object->first; at; at = at->next)
		if (strcmp(at->key, key) == 0)
			return at;
	return NULL;
}

const char *json_text(const struct json *object, const char *key, const char *otherwise)
{
	const struct json *found = json_get(object, key);
	return found && found->type == JSON_STRING ? found->text : otherwise;
}

int64_t json_number(const struct json *object, const char *key, int64_t otherwise)
{
	const struct json *found = json_get(object, key);
	return found && (found->type == JSON_NUMBER || found->type == JSON_BOOL) ? found->number : otherwise;
}

char **json_strings(const struct json *array, bool allow_empty)
{
	if (!array || array->type != JSON_ARRAY || (!array->first && !allow_empty))
		return NULL;
	size_t count = 0;
	for (const struct json *at = array->first; at; at = at->next, count++)
		if (at->type != JSON_STRING)
			return NULL;
	char **strings = must_alloc((count + 1) * sizeof *strings);
	count = 0;
	for (const struct json *at = array->first; at; at = at->next)
		strings[count++] = must_copy(at->text);
	return strings;
}
