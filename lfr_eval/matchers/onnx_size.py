"""How large an ONNX graph becomes when its functions are put in place of their names.

A function may use another one ten times, and that a third one: twenty of them, in a kilobyte, make
more nodes than any memory holds. Loading a graph cannot be stopped, so this is counted beforehand.
The file is a message of protocol buffers (onnx.proto): numbered fields, of which those that hold
texts and messages state their length.
"""

from __future__ import annotations

from collections.abc import Iterator

MOST = 1_000_000
"""Nodes of a graph; a large network has some thousands."""

_FUNCTION, _GRAPH, _NODES_OF_GRAPH, _NODES_OF_FUNCTION = 25, 7, 1, 7
_NAME, _DOMAIN, _OPERATOR, _DOMAIN_OF_NODE, _ATTRIBUTE, _WITHIN = 1, 10, 4, 7, 5, (6, 11)
_USUAL = b"ai.onnx"
"""The domain that no name stands for, too."""
_LONGEST = 10
"""Bytes of a number."""

Operator = tuple[bytes, bytes]


def too_many_nodes(content: bytes) -> bool:
    """Return whether a graph has more than `MOST` nodes once its functions are put in.

    Parameters
    ----------
    content
        Of the file. What is not such a file has no nodes here; loading it says so.
    """
    try:
        known: dict[Operator, list[Operator]] = {}
        for part in _parts(memoryview(content), _FUNCTION):
            # Functions of one name may differ in a further field: all count.
            nodes = known.setdefault(_operator(part, _DOMAIN, _NAME), [])
            nodes += _operators(part, _NODES_OF_FUNCTION)
        own = [
            one
            for part in _parts(memoryview(content), _GRAPH)
            for one in _operators(part, _NODES_OF_GRAPH)
        ]
        return _size(own, known) > MOST
    except IndexError:
        return False
    except RecursionError:  # Functions within hundreds of others: no network has them.
        return True


def _size(operators: list[Operator], known: dict[Operator, list[Operator]]) -> int:
    sizes: dict[Operator, int] = {}

    def size(one: Operator, above: frozenset[Operator]) -> int:
        if one not in known or one in above:
            return 1
        if one not in sizes:
            sizes[one] = min(MOST + 1, sum(size(each, above | {one}) for each in known[one]))
        return sizes[one]

    return sum(size(each, frozenset()) for each in operators)


def _operators(part: memoryview, nodes: int) -> Iterator[Operator]:
    """Yield domain and name of the operator of each node, and of those in its subgraphs."""
    for node in _parts(part, nodes):
        yield _operator(node, _DOMAIN_OF_NODE, _OPERATOR)
        for attribute in _parts(node, _ATTRIBUTE):
            for graph in _parts(attribute, *_WITHIN):
                yield from _operators(graph, _NODES_OF_GRAPH)


def _operator(part: memoryview, domain: int, name: int) -> Operator:
    """Return domain and name; of a text that is given again, the last holds."""
    said, called = (b"".join([*map(bytes, _parts(part, field))][-1:]) for field in (domain, name))
    return b"" if said == _USUAL else said, called


def _parts(message: memoryview, *fields: int) -> Iterator[memoryview]:
    """Yield the texts and messages in some fields of a message."""
    at = 0
    while at < len(message):
        key, at = _number(message, at)
        kind = key & 7
        if kind == 2:
            length, at = _number(message, at)
            if key >> 3 in fields:
                yield message[at : at + length]
            at += length
        elif kind == 0:
            _, at = _number(message, at)
        else:
            # A group (3 to 4) is passed over as if its fields were the message's own.
            at += {1: 8, 5: 4, 3: 0, 4: 0}.get(kind, len(message))


def _number(message: memoryview, at: int) -> tuple[int, int]:
    """Return a number of seven bits a byte, and where it ends.

    Raises
    ------
    IndexError
        If it does not end within the message, or within ten bytes.
    """
    value = 0
    for place in range(_LONGEST):
        byte = message[at + place]
        value |= (byte & 127) << 7 * place
        if byte < 128:
            return value, at + place + 1
    raise IndexError("This is no number.")
