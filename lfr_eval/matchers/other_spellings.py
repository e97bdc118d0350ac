"""Why a name of a file may not be one of those that are known (names in, a remedy out)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

_KINDS: tuple[tuple[Callable[[str], str], str], ...] = (
    (
        lambda name: name.removesuffix(".0").lstrip("0"),
        "a program read names as numbers and changed them; format the column as text",
    ),
    (lambda name: " ".join(name.casefold().split()), "letter case or spaces differ"),
    (
        lambda name: name.replace("\\", "/").rpartition("/")[2].rpartition(".")[0] or name,
        "write names without folder and file extension",
    ),
)
_SOME = 1_000

UNKNOWN_IMAGE = " (add its row there, or leave out its scores)"
"""What to do about a name that no other is like."""


def near_name(unknown: Iterable[str], known: Iterable[str], there: str = "the manifest") -> str:
    """Return in brackets how an unknown name is written elsewhere, or '' if none is similar.

    Parameters
    ----------
    there
        What holds the known names.
    """
    names = dict.fromkeys(name for name in unknown if name)
    known = [name for name in known if name]
    for key, said in _KINDS:
        table = {key(name): name for name in reversed(known)} | {name: name for name in known}
        for name in list(names)[:_SOME]:
            found = table.get(key(name))
            if found is not None and found != name:
                return f" ({there} has '{found}' for '{name}': {said})"
    return ""
