"""Writes a document as JSON and reads it back: allocates many small objects."""

import json

import query


def handle(method, path, headers, body):
    """GET /?size=N does it with N records and answers with the length of the text."""
    size = query.number(path, "size", 500, 100_000)
    records = [{"id": i, "name": f"record {i}", "score": i * 7919 % 1000 / 10, "tags": ["a", "b", str(i % 17)]} for i in range(size)]
    text = json.dumps(records)
    assert json.loads(text) == records
    return 200, "text/plain", f"{size} records, {len(text)} characters\n".encode()
