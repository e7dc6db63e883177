"""Takes events (CloudEvents over HTTP) and writes a line of each to its log."""


def handle(method, path, headers, body):
    """Answers with nothing: the event was taken, and there is no event to answer with."""
    kind, source = headers.get("ce-type"), headers.get("ce-source")
    if method != "POST" or kind is None:
        return 400, "text/plain", b"expected a CloudEvent in binary mode\n"
    print(f"event {kind} from {source}: {body.decode()}", flush=True)
    return 204, "text/plain", b""
