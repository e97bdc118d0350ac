"""Stage cohort: a YAML file of the folder `datasets/` in, a `DatasetCard` out.

A card with errors is refused. Every unknown, missing or unusable entry is listed, with a suggestion
if a name is nearly right.
"""

from __future__ import annotations

import re
from dataclasses import MISSING, fields, replace
from datetime import UTC, date, datetime
from difflib import get_close_matches
from pathlib import Path, PurePosixPath

import lfr_eval
from lfr_eval.cohort.card import KINDS, CardError, ColumnRule, DatasetCard, Layout, PublishedFile
from lfr_eval.cohort.codes import CodeError, find_scheme
from lfr_eval.cohort.permission import day_of, problem_of_period
from lfr_eval.contract.places import CARDS, remember
from lfr_eval.contract.reading import ReadingError, ValueUnreadable
from lfr_eval.contract.tables import LABEL_SOURCES
from lfr_eval.contract.yaml_reading import read_yaml

_RECEIPT = "sha256sums"
"""In a folder of downloads this file says what they were; a publisher's would be believed."""
_NAME = re.compile(r"\w[\w .()-]{0,99}")
_MEANT = {
    **dict.fromkeys(("retention", "retention_period", "delete_by", "keep_until"), "expires"),
    **dict.fromkeys(("forbidden", "prohibited"), "forbids"),
    **dict.fromkeys(("collection", "collection_dates"), "collected"),
}
"""What people call entries, and their names."""


def cards_folder() -> Path:
    """Return the folder of the shipped cards: inside the installed package, else the checkout's."""
    package = Path(lfr_eval.__file__).parent
    inside = package / "datasets"
    return inside if inside.is_dir() else package.parent / "datasets"


def card_names() -> tuple[str, ...]:
    """Return the names of the shipped cards."""
    return tuple(sorted(path.stem for path in cards_folder().glob("*.yaml")))


def load_card(name: str | Path) -> DatasetCard:
    """Read a dataset card.

    Parameters
    ----------
    name
        Name of a shipped card, or the path of a YAML file.

    Raises
    ------
    CardError
        If there is no such card, or it has unknown, missing or unusable entries.
    """
    path = Path(name)
    if path.suffix not in (".yaml", ".yml"):
        path = cards_folder() / f"{name}.yaml"
        if str(name) not in card_names():
            raise CardError(
                f"There is no dataset card '{name}'.{_suggestion(str(name), card_names())}"
            )
    if not path.exists():
        raise CardError(f"There is no dataset card '{path}'.")
    try:
        raw = read_yaml(path)
    except ReadingError as error:
        raise CardError(f"The dataset card {error}") from error
    problems: list[str] = []
    card = _card(raw, problems)
    if card is not None and card.register is not None:
        card = _beside(card, card.register, path.parent, problems)
    ours = path.parent.resolve() == cards_folder().resolve()
    if card is not None and not ours and card.name in card_names():
        # It would share the folder of downloads, and its last day would empty that folder.
        problems.append(
            f"name: '{card.name}' is the name of a shipped card; give this one a name of its own"
        )
    if problems or card is None:
        listed = "\n".join(f"  {problem}" for problem in problems)
        raise CardError(f"The dataset card '{path}' has problems:\n{listed}")
    if card.expires is not None and not ours:
        remember(CARDS, path)
    return card


def _card(raw: object, problems: list[str]) -> DatasetCard | None:
    entries = _known(raw, DatasetCard, "card", problems)
    if entries is None:
        return None
    if entries["kind"] not in KINDS:
        problems.append(f"kind: '{entries['kind']}' is not one of {', '.join(KINDS)}")
    sources = _texts(entries["label_source"], "label_source", problems)
    problems += [
        f"label_source.{factor}: '{source}' is not one of {', '.join(LABEL_SOURCES)}"
        for factor, source in sources.items()
        if source not in LABEL_SOURCES
    ]
    schemes = _texts(entries["schemes"], "schemes", problems)
    for factor, scheme in schemes.items():
        try:
            find_scheme(scheme)
        except CodeError as error:
            problems.append(f"schemes.{factor}: {error}")
    apart = ("label_source", "schemes", "limits", "files", "layouts", "forbids")
    plain = {
        key: _moment(value, key, problems)
        if key in ("expires", "collected")
        else _text(value, key, problems)
        for key, value in entries.items()
        if key not in apart
    }
    _check_filled(plain, DatasetCard, "", problems)
    _check_name(plain["name"], "name", problems)
    _check_within(plain.get("mirror"), "mirror", problems)
    _check_address(plain.get("checksums"), "checksums", problems)
    limits = [
        _text(limit, "limits", problems) for limit in _list(entries["limits"], "limits", problems)
    ]
    forbids = [
        _text(each, "forbids", problems)
        for each in _list(entries.get("forbids"), "forbids", problems)
    ]
    _check_period(plain, problems)
    files = [_file(file, problems) for file in _list(entries.get("files"), "files", problems)]
    layouts = [
        _layout(each, problems) for each in _list(entries.get("layouts"), "layouts", problems)
    ]
    if problems:
        return None
    return DatasetCard(
        **plain,  # type: ignore[arg-type]
        label_source=sources,
        schemes=schemes,
        limits=tuple(limit for limit in limits if limit),
        forbids=tuple(each for each in forbids if each),
        files=tuple(file for file in files if file),
        layouts=tuple(layout for layout in layouts if layout),
    )


def _beside(card: DatasetCard, register: str, folder: Path, problems: list[str]) -> DatasetCard:
    """Return a card with the place of its register; a card of others can name no other folder."""
    if Path(register).name != register:
        problems.append(f"register: '{register}' must be the name of a file beside the card")
    return replace(card, register=str(folder / register))


def _moment(value: object, where: str, problems: list[str]) -> str | None:
    """Return a day or a time in words; YAML reads a day such as 2027-12-31 as one."""
    if where == "expires" and type(value) in (date, str):
        try:
            return day_of(value)
        except ValueUnreadable as error:
            problems.append(f"expires: '{value}' {error}")
            return None
    return value.isoformat() if type(value) is date else _text(value, where, problems)


def _check_filled(
    plain: dict[str, str | None], kind: type, where: str, problems: list[str]
) -> None:
    """Refuse an empty text, and a null where a value is needed."""
    needed = {field.name for field in fields(kind) if field.default is MISSING}
    problems += [
        f"{where}{key}: is empty; write 'not known' if nobody knows it"
        for key, value in plain.items()
        if value == "" or (value is None and key in needed)
        # What is not a text has been named already.
        if not any(said.startswith(f"{where}{key}: ") for said in problems)
    ]


def _check_period(plain: dict[str, str | None], problems: list[str]) -> None:
    collected, expires = plain.get("collected"), plain.get("expires")
    wrong = collected and problem_of_period(collected, datetime.now(UTC).date())
    if wrong:
        problems.append(f"collected: '{collected}' {wrong}")
    elif collected and expires and problem_of_period(collected, date.fromisoformat(expires)):
        problems.append(f"expires: '{expires}' is before the pictures were made ('{collected}')")


def _check_name(name: str | None, where: str, problems: list[str]) -> None:
    """Refuse a name that would lead to another folder."""
    if name and not _NAME.fullmatch(name):
        problems.append(
            f"{where}: '{name}' must be a plain name: letters, digits, spaces, dots, hyphens and "
            "underscores, beginning with a letter or a digit"
        )


def _check_within(place: str | None, where: str, problems: list[str]) -> None:
    """Refuse a path that leads out of its folder."""
    if place and (PurePosixPath(place).is_absolute() or {"..", ""} & {*re.split(r"[/\\]", place)}):
        problems.append(f"{where}: '{place}' must be a path within the folder, without '..'")


def _check_address(url: str | None, where: str, problems: list[str]) -> None:
    if url and not url.startswith(("https://", "http://")):
        problems.append(f"{where}: '{url}' must begin with https:// or http://")


def _file(raw: object, problems: list[str]) -> PublishedFile | None:
    entries = _known(raw, PublishedFile, "files", problems)
    if entries is None:
        return None
    plain = {key: _text(value, f"files.{key}", problems) for key, value in entries.items()}
    checksum = plain.get("checksum")
    if checksum and checksum.partition(":")[0] not in ("sha256", "md5"):
        problems.append(f"files.checksum: '{checksum}' must begin with 'sha256:' or 'md5:'")
    _check_filled(plain, PublishedFile, "files.", problems)
    _check_name(plain["name"], "files.name", problems)
    _check_name(plain.get("unpack"), "files.unpack", problems)
    if (plain["name"] or "").casefold() == _RECEIPT:
        problems.append(f"files.name: '{plain['name']}' is reserved for the list of checksums")
    _check_address(plain["url"], "files.url", problems)
    return PublishedFile(**plain)  # type: ignore[arg-type]


def _layout(raw: object, problems: list[str]) -> Layout | None:
    optional: dict[str, object] = {"keep": {}, "each": [], "strip": {}}
    entries = _known(
        {**optional, **raw} if isinstance(raw, dict) else raw, Layout, "layouts", problems
    )
    if entries is None:
        return None
    rules = []
    for name, rule in _mapping(entries["columns"], "layouts.columns", problems).items():
        where = f"layouts.columns.{name}"
        parts = rule if isinstance(rule, dict) else {"take": rule}
        for key in parts.keys() - {"take", "values"}:
            problems.append(
                f"{where}: unknown entry '{key}'.{_suggestion(str(key), ('take', 'values'))}"
            )
        take = _text(parts.get("take"), f"{where}.take", problems) or ""
        rules.append(
            ColumnRule(name, take, _texts(parts.get("values", {}), f"{where}.values", problems))
        )
    keep = {
        key: tuple(
            str(_text(item, "layouts.keep", problems)) for item in _list(value, key, problems)
        )
        for key, value in _mapping(entries["keep"], "layouts.keep", problems).items()
    }
    each = [
        _texts(item, "layouts.each", problems) for item in _list(entries["each"], "each", problems)
    ]
    strip = _texts(entries["strip"], "layouts.strip", problems)
    labels = _text(entries["labels"], "layouts.labels", problems) or ""
    _check_within(labels, "layouts.labels", problems)
    return Layout(labels, tuple(rules), keep, tuple(each), strip)


def _known(raw: object, kind: type, where: str, problems: list[str]) -> dict[str, object] | None:
    """Check the entries of a mapping against the fields of a dataclass."""
    if not isinstance(raw, dict):
        problems.append(f"{where}: must be a mapping of names to values")
        return None
    before = len(problems)
    names = tuple(field.name for field in fields(kind))
    for key in raw:
        if key not in names:
            meant = _MEANT.get(str(key).casefold()) if kind is DatasetCard else None
            problems.append(f"{where}: unknown entry '{key}'.{_suggestion(str(key), names, meant)}")
    required = [
        field.name
        for field in fields(kind)
        if field.name not in raw and field.default is not None and field.default != ()
    ]
    problems += [f"{where}: '{name}' is missing" for name in required]
    return None if len(problems) > before else raw


def _text(value: object, where: str, problems: list[str]) -> str | None:
    if value is None or isinstance(value, str):
        return value.strip() if isinstance(value, str) else None
    problems.append(f"{where}: {value!r} must be text; put it in quotes")
    return None


def _texts(value: object, where: str, problems: list[str]) -> dict[str, str]:
    entries = _mapping(value, where, problems)
    return {key: _text(text, f"{where}.{key}", problems) or "" for key, text in entries.items()}


def _mapping(value: object, where: str, problems: list[str]) -> dict[str, object]:
    if isinstance(value, dict):
        for key in value:
            _text(key, where, problems)
        return {str(key): entry for key, entry in value.items()}
    problems.append(f"{where}: must be a mapping of names to values")
    return {}


def _list(value: object, where: str, problems: list[str]) -> list[object]:
    if value is None or isinstance(value, list):
        return value or []
    problems.append(f"{where}: must be a list")
    return []


def _suggestion(name: str, known: tuple[str, ...], meant: str | None = None) -> str:
    close = [meant] if meant else get_close_matches(name, known, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    return f"{hint} There are: {', '.join(known)}."
