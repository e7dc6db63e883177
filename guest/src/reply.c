#include "reply.h"

#include <stdarg.h>
#include <stdio.h>

struct buf *reply_begin(int64_t id)
{
	struct buf *out = channel_begin("reply");
	buf_format(out, ",\"id\":%lld", (long long)id);
	return out;
}

void reply_done(int64_t id)
{
	reply_begin(id);
	channel_end();
}

void reply_error(int64_t id, const char *code, const char *format, ...)
{
	char text[512];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	struct buf *out = reply_begin(id);
	buf_format(out, ",\"error\":{\"code\":\"%s\",\"message\":", code);
	json_quote(out, text);
	buf_text(out, "}");
	channel_end();
}
