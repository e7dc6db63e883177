"""Reads what a request asks for."""


def number(path, name, otherwise, most):
    """The number in ?name=N, at least 1 and at most `most`; `otherwise` without one."""
    for pair in path.partition("?")[2].split("&"):
        key, _, value = pair.partition("=")
        if key == name and value.isdigit():
            return max(1, min(int(value), most))
    return otherwise
