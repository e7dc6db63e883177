"""What the function does: replace this file with your own."""

import os
import time

TARGET = os.environ.get("TARGET", "World")


def handle(method, path, headers, body):
    """Returns the response's status, content type and body. GET /?wait=MS answers after MS milliseconds."""
    _, _, wait = path.partition("?wait=")
    if wait.isdigit():
        time.sleep(int(wait) / 1000)
    return 200, "text/plain", f"Hello {TARGET}, from Python!\n".encode()
