"""Encrypts a text with AES in counter mode, in pure Python: computes much, touches little."""

import pyaes
import query

KEY = bytes(range(32))


def handle(method, path, headers, body):
    """GET /?size=N encrypts N bytes and answers with the end of what came out."""
    size = query.number(path, "size", 256, 1 << 16)
    text = (b"What is encrypted here says nothing. " * (size // 37 + 1))[:size]
    sealed = pyaes.AESModeOfOperationCTR(KEY).encrypt(text)
    return 200, "text/plain", f"{size} bytes ...{sealed[-16:].hex()}\n".encode()
