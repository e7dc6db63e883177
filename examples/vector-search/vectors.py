"""Vectors of length one that look like embeddings and are made from a number."""

import numpy

DIMENSIONS = 128


def made_from(seed, count):
    """A matrix of count rows."""
    state = numpy.arange(count * DIMENSIONS, dtype=numpy.uint32) + numpy.uint32(seed * 2654435761 % (1 << 32))
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B), (16, 1)):  # a hash of 32 bits
        state ^= state >> numpy.uint32(shift)
        state *= numpy.uint32(factor)
    rows = (state / numpy.float32(1 << 31) - numpy.float32(1)).astype(numpy.float32).reshape(count, DIMENSIONS)
    return rows / numpy.sqrt((rows * rows).sum(axis=1, keepdims=True))
