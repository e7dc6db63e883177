"""Makes thumbnails of pictures and keeps them in an object store that speaks S3."""

import io

from PIL import Image

import query
import s3

Image.preinit()  # the formats' modules are loaded now, not by the first request

BUCKET = "thumbnails"


def handle(method, path, headers, body):
    """POST /NAME?size=N with a picture keeps its thumbnail, N pixels at most; GET /NAME answers it."""
    name = path.partition("?")[0].strip("/") or "picture"
    if method == "GET":
        status, picture = s3.request("GET", f"/{BUCKET}/{name}")
        return (200, "image/jpeg", picture) if status == 200 else (404, "text/plain", b"no such thumbnail\n")
    small = io.BytesIO()
    with Image.open(io.BytesIO(body)) as picture:
        picture.thumbnail((query.number(path, "size", 128, 1024),) * 2)
        picture.convert("RGB").save(small, "JPEG")
    keep(f"/{BUCKET}/{name}", small.getvalue())
    return 200, "text/plain", b"%s: %d bytes\n" % (name.encode(), small.tell())


def keep(key, picture):
    status, said = s3.request("PUT", key, picture)
    if status == 404:  # no bucket yet
        s3.request("PUT", f"/{BUCKET}")
        status, said = s3.request("PUT", key, picture)
    if status != 200:
        raise ConnectionError(f"store: {status} {said[:200]!r}")
