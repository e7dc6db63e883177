"""Says whether a review is good, by a logistic regression over hashed words."""

import numpy
import query
import words

WEIGHTS = numpy.load("/app/weights.npy")


def handle(method, path, headers, body):
    """GET /?seed=N writes a review from N, and answers with the probability that it is good."""
    review = words.review(query.number(path, "seed", 1, 1 << 30))
    good = 1 / (1 + numpy.exp(-(words.features(review) @ WEIGHTS)))
    return 200, "text/plain", f"{good:.3f} {' '.join(review[:6])} ...\n".encode()
