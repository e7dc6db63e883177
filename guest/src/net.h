/* The guest's two interfaces and the socket that the host dials. */
#ifndef SKEP_NET_H
#define SKEP_NET_H
#include <stdint.h>

#define GUEST_ADDRESS "172.16.0.2"
#define HOST_ADDRESS "172.16.0.1"
#define AGENT_PORT 1024

/* Brings up lo and eth0 and sets the default route; ends the guest where there is no eth0. */
void net_up(void);

/* A listening socket that only eth0 reaches. */
int net_listen(void);

/* Accepts a connection of the host; -1 where there is none or the peer is someone else. */
int net_accept(int listener);

/* Begins a connection to a port of the function; a non-blocking socket, or -1 with errno. Connected or EINPROGRESS. */
int net_dial(uint16_t port);
#endif
