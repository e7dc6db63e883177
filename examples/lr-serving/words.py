"""Reviews that nobody wrote, and the features of a review."""

import zlib

import numpy

FEATURES = 1 << 14
GOOD = "great fine lovely quick honest warm bright solid".split()
BAD = "poor dull broken slow rude cold weak stale".split()
OTHER = "the food service place table staff evening price music garden was and with very again".split()


def review(seed):
    """Sixty words. An even seed writes more good than bad ones."""
    tone = GOOD * 3 + BAD if seed % 2 == 0 else BAD * 3 + GOOD
    choice = OTHER * 3 + tone
    text = []
    for _ in range(60):
        seed = (seed * 1103515245 + 12345) % (1 << 31)
        text.append(choice[seed // 65536 % len(choice)])
    return text


def features(text):
    """How often a word or a pair of words of each hash comes."""
    counts = numpy.zeros(FEATURES, dtype=numpy.float32)
    for token in text + [f"{a} {b}" for a, b in zip(text, text[1:])]:
        counts[zlib.crc32(token.encode()) % FEATURES] += 1
    return counts
