"""Finds the vectors that are most like a given one, by comparing it with all of them."""

import numpy
import query
import vectors

VECTORS = numpy.load("/app/vectors.npy")


def handle(method, path, headers, body):
    """GET /?seed=N looks for a vector made from N, and answers with the three that are nearest to it."""
    likeness = VECTORS @ vectors.made_from(query.number(path, "seed", 1, 1 << 30), 1)[0]
    nearest = numpy.argpartition(likeness, -3)[-3:]
    found = sorted(((float(likeness[index]), int(index)) for index in nearest), reverse=True)
    return 200, "text/plain", " ".join(f"{index}:{value:.3f}" for value, index in found).encode() + b"\n"
