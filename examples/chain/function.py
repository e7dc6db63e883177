"""A link of a chain: says who it is and which trace the request belongs to, then what the function NEXT says."""

import os
import socket

NAME = os.environ.get("K_SERVICE", "chain")
NEXT = os.environ.get("NEXT", "")
PATIENCE_SECONDS = 60


def handle(method, path, headers, body):
    """Answers a line for each link: its name and the traceparent that it was sent."""
    parent = headers.get("traceparent", "")
    said = f"{NAME} {parent or '-'}\n".encode()
    return 200, "text/plain", said + (call(NEXT, child(parent)) if NEXT else b"")


def child(parent):
    """For what is called meanwhile: the same trace, a span of our own (W3C Trace Context)."""
    version, trace, _, flags = parent.split("-") if parent else ("00", os.urandom(16).hex(), "", "01")
    return f"{version}-{trace}-{os.urandom(8).hex()}-{flags}"


def call(host, traceparent):
    # As bytes: a host name in a str is encoded as IDNA, a codec of a hundred modules.
    with socket.create_connection((host.encode(), 80), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nTraceparent: {traceparent}\r\nConnection: close\r\n\r\n".encode())
        with connection.makefile("rb") as reader:
            head, _, body = reader.read().partition(b"\r\n\r\n")
    status = head.split(b"\r\n")[0]
    return body if b" 200 " in status else b"%s: %s\n%s" % (host.encode(), status, body)
