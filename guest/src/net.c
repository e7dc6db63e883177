#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base.h"

#define NETMASK "255.255.255.252"

static struct sockaddr_in address(const char *text, uint16_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
	inet_pton(AF_INET, text, &in.sin_addr);
	return in;
}

static void set(int fd, const char *interface, unsigned long request, const char *text)
{
	struct ifreq ifr = {0};
	struct sockaddr_in in = address(text, 0);
	strcpy(ifr.ifr_name, interface);
	memcpy(&ifr.ifr_addr, &in, sizeof in);
	if (ioctl(fd, (int)request, &ifr) < 0)
		die("%s: address %s: %s", interface, text, strerror(errno));
}

static void raise_interface(int fd, const char *interface)
{
	struct ifreq ifr = {.ifr_flags = IFF_UP | IFF_RUNNING};
	strcpy(ifr.ifr_name, interface);
	if (ioctl(fd, SIOCSIFFLAGS, &ifr) < 0)
		die("%s: up: %s", interface, strerror(errno));
}

static void await_interface(const char *interface)
{
	for (int tries = 0; if_nametoindex(interface) == 0; tries++) {
		if (tries == 2000)
			die("no network interface %s after 2 s (expected: a virtio-net device and its modules)", interface);
		usleep(1000);
	}
}

void net_up(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die("network: %s", strerror(errno));
	raise_interface(fd, "lo");
	await_interface("eth0");
	write_file("/proc/sys/net/ipv6/conf/eth0/disable_ipv6", "1");
	/* As container runtimes do: any user may listen on port 80 and ping. */
	write_file("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
	write_file("/proc/sys/net/ipv4/ping_group_range", "0 2147483647");
	set(fd, "eth0", SIOCSIFADDR, GUEST_ADDRESS);
	set(fd, "eth0", SIOCSIFNETMASK, NETMASK);
	raise_interface(fd, "eth0");

	struct rtentry route = {.rt_flags = RTF_UP | RTF_GATEWAY};
	struct sockaddr_in any = address("0.0.0.0", 0), host = address(HOST_ADDRESS, 0);
	memcpy(&route.rt_dst, &any, sizeof any);
	memcpy(&route.rt_genmask, &any, sizeof any);
	memcpy(&route.rt_gateway, &host, sizeof host);
	if (ioctl(fd, SIOCADDRT, &route) < 0)
		die("default route by %s: %s", HOST_ADDRESS, strerror(errno));
	close(fd);
}

/*
 * The function shares this network, and as root it can forge any source address; but what it sends to this guest comes by lo, whatever
 * device the socket is bound to.
 */
static bool only_from(int fd, unsigned interface)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)(SKF_AD_OFF + SKF_AD_IFINDEX)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, interface, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

int net_listen(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1;
	struct sockaddr_in in = address(GUEST_ADDRESS, AGENT_PORT);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (!only_from(fd, if_nametoindex("eth0")) || bind(fd, (struct sockaddr *)&in, sizeof in) < 0 || listen(fd, 8) < 0)
		die("listen on %s:%d: %s", GUEST_ADDRESS, AGENT_PORT, strerror(errno));
	return fd;
}

int net_accept(int listener)
{
	struct sockaddr_in peer, host = address(HOST_ADDRESS, 0);
	socklen_t size = sizeof peer;
	int fd = accept4(listener, (struct sockaddr *)&peer, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return -1;
	if (peer.sin_addr.s_addr != host.sin_addr.s_addr) {
		close(fd);
		return -1;
	}
	int on = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return fd;
}

int net_dial(uint16_t port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_in in = address(GUEST_ADDRESS, port);
	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&in, sizeof in) < 0 && errno != EINPROGRESS) {
		int error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}
