#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "loop.h"

/* A read of empty lines costs the ring fifty times its bytes, hence the small reads and the hold at half of it. */
enum { LINE = 16 << 10, READ = 4 << 10, RING = 512 << 10, HOLD = RING / 2 };
#define PATIENCE (2 * SECONDS)

struct line {
	struct line *next;
	int64_t seq;
	int64_t time; /* nanoseconds since 1970 */
	size_t length;
	int stream;
	bool partial;
	char bytes[];
};

struct stream {
	struct source source;
	int number;
	size_t length;
	char bytes[LINE];
};

static void on_readable(struct source *source, unsigned events);
static void on_patience(struct timer *timer);

static struct stream streams[2] = {{.source = {.fd = -1, .on_event = on_readable}, .number = 1}, {.source = {.fd = -1, .on_event = on_readable}, .number = 2}};
static struct line *first, *last;
static struct line *next; /* to put on the channel; NULL: all are there */
static size_t held;       /* bytes in the ring */
static int64_t last_seq;
static int64_t confirmed; /* by a host, up to this line */
static int64_t told;      /* to this host, up to this line */
static struct timer patience = {.on_time = on_patience};

void output_open(int out, int err)
{
	int fds[] = {out, err};
	for (int i = 0; i < 2; i++) {
		fcntl(fds[i], F_SETFL, O_NONBLOCK);
		streams[i].source.fd = fds[i];
	}
}

static void forget_first(void)
{
	struct line *line = first;
	if (next == line)
		next = line->next;
	first = line->next;
	if (!first)
		last = NULL;
	held -= sizeof *line + line->length;
	free(line);
}

static void add_line(struct stream *stream, const char *bytes, size_t length, bool partial)
{
	struct timespec time;
	clock_gettime(CLOCK_REALTIME, &time);
	struct line *line = must_alloc(sizeof *line + length);
	line->seq = ++last_seq;
	line->time = time.tv_sec * SECONDS + time.tv_nsec;
	line->stream = stream->number;
	line->partial = partial;
	line->length = length;
	memcpy(line->bytes, bytes, length);
	held += sizeof *line + length;
	if (last)
		last->next = line;
	else
		first = line;
	last = line;
	if (!next)
		next = line;
	while (held > RING)
		forget_first();
}

static void cut_lines(struct stream *stream)
{
	char *at = stream->bytes, *end = at + stream->length, *newline;
	while ((newline = memchr(at, '\n', (size_t)(end - at)))) {
		add_line(stream, at, (size_t)(newline - at), false);
		at = newline + 1;
	}
	stream->length = (size_t)(end - at);
	memmove(stream->bytes, at, stream->length);
	if (stream->length == LINE) {
		add_line(stream, stream->bytes, LINE, true);
		stream->length = 0;
	}
}

/* One read; false where nothing is there now or ever again. */
static bool read_some(struct stream *stream)
{
	size_t room = LINE - stream->length;
	ssize_t got = read(stream->source.fd, stream->bytes + stream->length, room < READ ? room : READ);
	if (got > 0) {
		stream->length += (size_t)got;
		cut_lines(stream);
		return true;
	}
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (stream->length)
		add_line(stream, stream->bytes, stream->length, false);
	stream->length = 0;
	loop_close(&stream->source);
	return false;
}

static void on_readable(struct source *source, unsigned events)
{
	(void)events;
	read_some((struct stream *)source);
}

void output_finish(void)
{
	for (int i = 0; i < 2; i++) {
		/* A full ring now drops its oldest: the last words matter most. */
		while (streams[i].source.fd >= 0 && read_some(&streams[i]))
			;
		if (streams[i].source.fd < 0)
			continue;
		if (streams[i].length)
			add_line(&streams[i], streams[i].bytes, streams[i].length, false);
		streams[i].length = 0;
		loop_close(&streams[i].source);
	}
}

static void on_patience(struct timer *timer)
{
	(void)timer; /* the pump, which runs before each wait, looks again */
}

/* A full ring holds the function back only for a host that reads: one that hangs must not stop it. */
static bool hold_back(void)
{
	if (held < HOLD || !channel_connected())
		return false;
	int64_t until = channel_progress() + PATIENCE;
	if (now() >= until)
		return false;
	timer_set(&patience, until);
	return true;
}

static void send_line(const struct line *line)
{
	struct buf *message = channel_begin("output");
	buf_format(message, ",\"seq\":%lld,\"stream\":%d,\"timeNanos\":%lld,\"partial\":%s,\"dropped\":%lld,\"data\":\"", (long long)line->seq, line->stream, (long long)line->time,
		   line->partial ? "true" : "false", (long long)(line->seq - told - 1));
	base64_encode(message, line->bytes, line->length);
	buf_text(message, "\"");
	channel_end();
	told = line->seq;
}

void output_pump(void)
{
	while (next && channel_connected() && channel_pending() < CHANNEL_FULL) {
		send_line(next);
		next = next->next;
	}
	bool hold = hold_back();
	for (int i = 0; i < 2; i++)
		if (streams[i].source.fd >= 0)
			loop_watch(&streams[i].source, hold ? 0 : EPOLLIN);
}

void output_confirmed(int64_t seq)
{
	while (first && first != next && first->seq <= seq) {
		confirmed = first->seq;
		forget_first();
	}
}

void output_forget(void)
{
	while (first)
		forget_first();
	confirmed = told = last_seq;
}

void output_rewind(void)
{
	next = first;
	told = confirmed;
}

bool output_flushed(void)
{
	return !next;
}
