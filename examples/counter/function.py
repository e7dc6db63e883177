"""Counts in Redis: the count outlives every instance of this function, and Redis's own."""

import os
import socket

REDIS = os.environ.get("REDIS_HOST", "counter-redis")
PASSWORD = os.environ.get("REDIS_PASSWORD", "")
COUNTER = "visits"
PATIENCE_SECONDS = 30


def handle(method, path, headers, body):
    """Counts one more and answers the number."""
    return 200, "text/plain", b"%d\n" % ask(("AUTH", PASSWORD), ("INCR", COUNTER))


def ask(*commands):
    """The answer to the last of them. Each request connects anew: a clone's connections are not its own."""
    # As bytes: a host name in a str is encoded as IDNA, a codec of a hundred modules.
    with socket.create_connection((REDIS.encode(), 6379), timeout=PATIENCE_SECONDS) as connection:
        with connection.makefile("rb") as reader:
            for command in commands:
                connection.sendall(request(command))
                said = reader.readline().strip()
                if said[:1] not in b"+:":
                    raise ConnectionError(f"Redis: {command[0]}: {said.decode() or 'hung up'}")
    return int(said[1:])


def request(words):
    """As Redis wants it: an array of strings with their lengths."""
    text = f"*{len(words)}\r\n" + "".join(f"${len(word.encode())}\r\n{word}\r\n" for word in words)
    return text.encode()
