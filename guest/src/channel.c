#include "channel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop.h"
#include "net.h"

enum { HEADER = 4, MAX_FRAME = 2 << 20, MAX_PENDING = 8 << 20 };

static void on_dial(struct source *source, unsigned events);
static void on_ready(struct source *source, unsigned events);

static const struct channel_events *events;
static struct source listener = {.on_event = on_dial};
static struct source host = {.fd = -1, .on_event = on_ready};
static struct buf in, out;
static size_t sent;    /* of out */
static size_t frame;   /* where in out the open frame begins */
static int64_t progress;

void channel_open(const struct channel_events *those)
{
	events = those;
	listener.fd = net_listen();
	loop_watch(&listener, EPOLLIN);
}

bool channel_connected(void)
{
	return host.fd >= 0;
}

size_t channel_pending(void)
{
	return out.length - sent;
}

int64_t channel_progress(void)
{
	return progress;
}

void channel_hang_up(void)
{
	if (host.fd < 0)
		return;
	loop_close(&host);
	buf_free(&in);
	buf_free(&out);
	sent = 0;
	events->disconnected();
}

static void on_dial(struct source *source, unsigned mask)
{
	(void)mask;
	int fd = net_accept(source->fd);
	if (fd < 0)
		return;
	channel_hang_up();
	host.fd = fd;
	progress = now();
	loop_watch(&host, EPOLLIN);
	events->connected();
}

/* Serves the frames that are complete; false where the host has broken the rules. */
static bool serve(void)
{
	size_t at = 0;
	int fd = host.fd;
	while (in.length - at >= HEADER) {
		uint32_t length;
		memcpy(&length, in.data + at, HEADER);
		length = ntohl(length);
		if (length == 0 || length > MAX_FRAME)
			return false;
		if (in.length - at - HEADER < length)
			break;
		events->request(in.data + at + HEADER, length);
		if (host.fd != fd)
			return true; /* hung up meanwhile */
		at += HEADER + length;
	}
	if (at == in.length)
		buf_free(&in); /* a large frame's memory is given back */
	else
		buf_consume(&in, at);
	return true;
}

static void on_ready(struct source *source, unsigned mask)
{
	if (mask & EPOLLOUT)
		channel_flush();
	if (!(mask & (EPOLLIN | EPOLLHUP | EPOLLERR)) || source->fd < 0)
		return;
	char bytes[16 << 10];
	ssize_t got = read(source->fd, bytes, sizeof bytes);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got > 0)
		buf_add(&in, bytes, (size_t)got);
	if (got <= 0 || !serve())
		channel_hang_up();
}

struct buf *channel_begin(const char *type)
{
	static const char EMPTY[HEADER];
	frame = out.length;
	buf_add(&out, EMPTY, HEADER);
	buf_format(&out, "{\"type\":\"%s\"", type);
	return &out;
}

void channel_end(void)
{
	buf_text(&out, "}");
	if (host.fd < 0) {
		buf_free(&out);
		return;
	}
	uint32_t length = htonl((uint32_t)(out.length - frame - HEADER));
	memcpy(out.data + frame, &length, HEADER);
}

void channel_flush(void)
{
	if (host.fd < 0)
		return;
	while (sent < out.length) {
		ssize_t took = send(host.fd, out.data + sent, out.length - sent, MSG_NOSIGNAL);
		if (took < 0 && errno != EAGAIN && errno != EINTR) {
			channel_hang_up();
			return;
		}
		if (took <= 0)
			break;
		sent += (size_t)took;
		progress = now();
	}
	if (sent == out.length) {
		buf_free(&out);
		sent = 0;
	} else if (sent > CHANNEL_FULL) {
		buf_consume(&out, sent);
		sent = 0;
	}
	if (channel_pending() > MAX_PENDING) /* it asks and asks and never reads an answer */
		channel_hang_up();
	else
		loop_watch(&host, channel_pending() ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void channel_finish(int64_t nanos)
{
	int64_t deadline = now() + nanos;
	bool shut = false;
	int unconfirmed = 1;
	while (host.fd >= 0 && now() < deadline) {
		channel_flush();
		if (!shut && host.fd >= 0 && channel_pending() == 0)
			shut = shutdown(host.fd, SHUT_WR) == 0;
		/* The end counts as a byte: once nothing is unconfirmed, the host's kernel has it all. */
		if (shut && (ioctl(host.fd, SIOCOUTQ, &unconfirmed) < 0 || unconfirmed == 0))
			break;
		usleep(500);
	}
	channel_hang_up();
}
