/* JSON of the agent channel: a parser that works inside the text it is given, and a writer into a buffer. */
#ifndef SKEP_JSON_H
#define SKEP_JSON_H
#include "base.h"

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
	enum json_type type;
	const char *key;    /* of an object's member */
	const char *text;   /* of a string, terminated, without zero bytes */
	int64_t number;     /* of a number (fractions are cut) or a bool */
	struct json *first; /* member or element */
	struct json *next;
};

struct json_doc {
	struct json_chunk *chunks;
	const char *error;
};

/* Parses length bytes, whose text is overwritten and must outlive the tree; NULL and doc->error where it is not JSON. */
const struct json *json_parse(struct json_doc *doc, char *text, size_t length);
void json_free(struct json_doc *doc);

/* The member with that key; NULL where there is none or object is none. */
const struct json *json_get(const struct json *object, const char *key);
const char *json_text(const struct json *object, const char *key, const char *otherwise);
int64_t json_number(const struct json *object, const char *key, int64_t otherwise);

/* Copies an array of strings into a NULL-terminated list of copies; NULL where it is not one or, unless empty is allowed, empty. */
char **json_strings(const struct json *array, bool allow_empty);

/* Adds a quoted string; what is not UTF-8 becomes U+FFFD. */
void json_quote(struct buf *buf, const char *text);

/* Adds base64, unquoted. */
void base64_encode(struct buf *buf, const void *data, size_t length);
/* Appends what text encodes; false where it is not base64. */
bool base64_decode(struct buf *buf, const char *text);
#endif
