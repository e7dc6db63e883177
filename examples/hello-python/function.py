"""What the function does: replace this file with your own."""

import os

TARGET = os.environ.get("TARGET", "World")


def handle(method, path, headers, body):
    """Returns the response's status, content type and body."""
    text = f"Hello {TARGET}, from Python!\n"
    return 200, "text/plain", text.encode()
