"""docs/architecture.md names every room of the package, in the layers of the import contract."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def layers_of_the_page() -> list[set[str]]:
    rows = re.findall(r"^\| (\d+) \| `(\w+)/` \|", PAGE, re.MULTILINE)
    last = max(int(layer) for layer, _ in rows)
    return [{room for layer, room in rows if int(layer) == at} for at in range(1, last + 1)]


def layers_of_the_contract() -> list[set[str]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = settings["tool"]["importlinter"]["contracts"][0]
    return [set(layer.split(" | ")) for layer in contract["layers"]]


def test_the_page_shows_the_layers_that_are_enforced() -> None:
    assert layers_of_the_page() == layers_of_the_contract()


def test_the_page_names_every_room_of_the_package() -> None:
    package = ROOT / "lfr_eval"
    rooms = {path.parent.name for path in package.glob("*/__init__.py")}
    assert set().union(*layers_of_the_page()) == rooms


def test_few_names_stand_at_the_root_of_the_package() -> None:
    package = ROOT / "lfr_eval"
    names = [path.name for path in package.iterdir() if path.name != "__pycache__"]
    assert len(names) <= 18, sorted(names)
    assert len(layers_of_the_contract()) <= 10


FILES = sorted(set(re.findall(r"`(\w+/[\w/]+\.py)`", PAGE)))


@pytest.mark.parametrize("file", FILES)
def test_every_file_that_the_page_names_exists(file: str) -> None:
    assert (ROOT / file).is_file() or (ROOT / "lfr_eval" / file).is_file()
