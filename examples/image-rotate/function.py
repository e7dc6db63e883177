"""Rotates a JPEG picture: decodes, transforms and encodes in native code, with buffers of a megabyte."""

import io

from PIL import Image

import query

Image.preinit()  # the formats' modules are loaded now, not by the first request


def handle(method, path, headers, body):
    """GET /?angle=N answers with the picture turned by N degrees."""
    angle = query.number(path, "angle", 90, 359)
    turned = io.BytesIO()
    with Image.open("/app/picture.jpg") as picture:
        picture.rotate(angle).save(turned, "JPEG")
    return 200, "image/jpeg", turned.getvalue()
