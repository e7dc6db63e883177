"""One request to an object store, signed as S3 wants it (AWS Signature Version 4)."""

import hashlib
import hmac
import os
import socket
import time

HOST = os.environ.get("S3_HOST", "thumbnail-store")
PORT = int(os.environ.get("S3_PORT", "7070"))
ACCESS_KEY = os.environ.get("S3_ACCESS_KEY", "")
SECRET_KEY = os.environ.get("S3_SECRET_KEY", "")
REGION = "us-east-1"
PATIENCE_SECONDS = 30


def request(method, path, body=b""):
    """The answer's status and body. `path` has the bucket first, and nothing that would be escaped."""
    # As bytes: a host name in a str is encoded as IDNA, a codec of a hundred modules.
    with socket.create_connection((HOST.encode(), PORT), timeout=PATIENCE_SECONDS) as connection:
        head = "".join(f"{name}: {value}\r\n" for name, value in signed(method, path, body).items())
        connection.sendall(f"{method} {path} HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        with connection.makefile("rb") as reader:
            head, _, answer = reader.read().partition(b"\r\n\r\n")
    return int(head.split(b" ", 2)[1]), answer


def signed(method, path, body):
    now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    headers = {"host": f"{HOST}:{PORT}", "x-amz-content-sha256": hashlib.sha256(body).hexdigest(), "x-amz-date": now}
    names = ";".join(headers)
    canonical = "\n".join([method, path, "", *(f"{name}:{value}" for name, value in headers.items()), "", names, headers["x-amz-content-sha256"]])
    scope = f"{now[:8]}/{REGION}/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = b"AWS4" + SECRET_KEY.encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.new(key, text.encode(), "sha256").hexdigest()
    return headers | {"Authorization": f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope}, SignedHeaders={names}, Signature={signature}"}
