"""Serves function.handle over HTTP/1.1, one thread a connection; shared by the functions in Python.

Only modules of python3-minimal are imported: in a microVM without hardware virtualisation every imported
module costs milliseconds of each cold start, and http.server imports sixty.
"""

import os
import signal
import socket
import threading

import function

REASONS = {200: "OK", 204: "No Content", 400: "Bad Request", 404: "Not Found", 500: "Internal Server Error"}


def serve(connection):
    with connection, connection.makefile("rb") as reader:
        while request_line := reader.readline(65536):
            method, path, version = request_line.decode("latin-1").split()
            headers = read_headers(reader)
            if headers.get("expect", "").lower() == "100-continue":
                connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            status, content_type, body = answer(method, path, headers, read_body(reader, headers))
            head = f"HTTP/1.1 {status} {REASONS.get(status, '')}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + (b"" if method == "HEAD" else body))
            if version == "HTTP/1.0" or headers.get("connection", "").lower() == "close":
                return


def answer(*request):
    try:
        return function.handle(*request)
    except Exception as failure:
        print(f"function: {type(failure).__name__}: {failure}", flush=True)
        return 500, "text/plain", b"the function failed: see its log\n"


def read_headers(reader):
    headers = {}
    while line := reader.readline(65536).decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return headers


def read_body(reader, headers):
    if headers.get("transfer-encoding", "").lower() != "chunked":
        return reader.read(int(headers.get("content-length", 0)))
    body = b""
    while size := int(reader.readline().split(b";")[0], 16):
        body += reader.read(size)
        reader.readline()
    read_headers(reader)
    return body


def main():
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    port = int(os.environ.get("PORT", "8080"))
    listener = socket.create_server(("", port), backlog=128)
    print(f"function: listening on port {port}", flush=True)
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


main()
