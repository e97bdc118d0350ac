"""The contract of a matcher that reads pictures, as tests. To test your own matcher:

    pytest -p lfr_eval.matchers.contract --pyargs lfr_eval.matchers.contract --matcher mine

`--matcher` is a name that a package registers, or `package.module:Name`. `--setting NAME=VALUE`
gives a setting, `--other NAME=VALUE` one that changes its templates, and `--pictures FOLDER`
pictures in which it finds faces; without them the tests that need them are skipped.
"""  # noqa: D400

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lfr_eval.config.plugins import plugin_at, plugin_named
from lfr_eval.config.signatures import settings_of
from lfr_eval.contract.score_scale import UNSCALED
from lfr_eval.matchers import FrameMatcher, ImageMatcher, MatcherCard, MatcherError, fingerprint_of
from lfr_eval.matchers.faces import open_picture
from lfr_eval.matchers.making import card_problems, embedding_problem, make
from lfr_eval.matchers.packing import KINDS, PackableMatcher, pack, unpack_unchanged

SAME = 1e-5
"""Share of its largest value by which a template may differ between batches: products of other
sizes round otherwise in the last digits."""


@dataclass(frozen=True)
class Subject:
    """The matcher under test.

    Attributes
    ----------
    make
        Makes it, given settings.
    other
        Settings that change its templates; None: not known.
    batched
        Whether it has a setting `batch_size`.
    faces
        Pictures with faces.
    """

    make: Callable[..., ImageMatcher]
    other: Mapping[str, object] | None = None
    batched: bool = True
    faces: Sequence[Path] = ()

    def in_batches(self, size: int) -> ImageMatcher:
        """Return the matcher working on so many pictures at once."""
        return self.make(batch_size=size) if self.batched else self.make()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that name the matcher."""
    group = parser.getgroup("lfr_eval", "a matcher under test")
    group.addoption("--matcher", help="a registered name, or package.module:Name")
    group.addoption("--setting", action="append", default=[], metavar="NAME=VALUE")
    group.addoption("--other", action="append", default=[], metavar="NAME=VALUE")
    group.addoption("--pictures", type=Path, help="a folder of pictures with faces")


@pytest.fixture(name="subject")
def subject_of_the_command_line(request: pytest.FixtureRequest) -> Subject:
    """Return the matcher that the command line names."""
    named = request.config.getoption("--matcher", None)
    if named is None:
        pytest.skip("name the matcher with --matcher")
    plugin = plugin_at(named) if ":" in named else plugin_named(named)
    known = {setting.name: setting for setting in settings_of(plugin)}
    given = _values(request.config.getoption("--setting"))
    other = _values(request.config.getoption("--other"))
    folder = request.config.getoption("--pictures")

    def made(**settings: object) -> ImageMatcher:
        values = {
            name: Path(str(value)) if name in known and known[name].path else value
            for name, value in {**given, **settings}.items()
        }
        found = make(plugin, UNSCALED, values)
        if not isinstance(found, ImageMatcher):
            pytest.skip("it does not read pictures")
        return found

    faces = sorted(path for path in folder.rglob("*") if path.is_file()) if folder else []
    return Subject(made, other or None, "batch_size" in known, faces)


def _values(words: Sequence[str]) -> dict[str, Any]:
    import yaml

    pairs = (word.partition("=")[::2] for word in words)
    return {name: yaml.safe_load(value) for name, value in pairs}


@pytest.fixture(name="pictures")
def pictures_to_try(subject: Subject, tmp_path: Path) -> list[Path]:
    """Return pictures with faces if there are any, pictures without, and two invalid files."""
    grey = [tmp_path / f"grey-{level}.png" for level in (90, 160)]
    for path, level in zip(grey, (90, 160), strict=True):
        Image.new("RGB", (120, 120), (level, level, level)).save(path)
    # A camera held upright writes its picture lying down, and says so.
    turned, exif = tmp_path / "turned.jpg", Image.Exif()
    exif[0x0112] = 6
    lying = Image.new("RGB", (120, 90), (200, 40, 90))
    lying.paste((20, 200, 120), (0, 0, 60, 90))
    lying.save(turned, exif=exif)
    broken, cut = tmp_path / "broken.jpg", tmp_path / "cut.png"
    broken.write_bytes(b"\xff\xd8\xff\xe0 not a picture")
    cut.write_bytes(grey[0].read_bytes()[:-40])
    return [*subject.faces[:5], turned, *grey, broken, cut]


def same(left: np.ndarray | None, right: np.ndarray | None) -> bool:
    """Return whether two templates are the same one, or both are missing."""
    if left is None or right is None:
        return left is right
    largest = float(np.abs(left).max())
    return left.shape == right.shape and bool(np.abs(left - right).max() <= SAME * largest)


def test_a_template_does_not_depend_on_its_neighbours(
    subject: Subject, pictures: list[Path]
) -> None:
    """Alone, together, backwards, in other batches, from a file or from its content."""
    one = subject.make()
    together = list(one.embed(pictures))
    backwards = list(subject.in_batches(2).embed(pictures[::-1]))[::-1]
    alone = [next(iter(one.embed([path]))) for path in pictures]
    content = [next(iter(one.embed([path.read_bytes()]))) for path in pictures]
    assert len(together) == len(pictures)
    for first, *others in zip(together, backwards, alone, content, strict=True):
        for other in others:
            assert (first.reason, first.faces) == (other.reason, other.faces)
            assert same(first.template, other.template)
    assert list(one.embed([])) == []


def test_a_picture_gives_a_template_or_a_reason(subject: Subject, pictures: list[Path]) -> None:
    """An unreadable picture is a failure to acquire; a missing file is an error."""
    one = subject.make()
    made = list(one.embed(pictures))
    assert [embedding_problem(embedding, one.card.template_size) for embedding in made] == [
        None
    ] * len(pictures)
    assert any(embedding.template is not None for embedding in made), (
        "it makes no template of any picture; give pictures of faces with --pictures FOLDER"
    )
    assert [embedding.template for embedding in made[-2:]] == [None, None]
    with pytest.raises(FileNotFoundError):
        list(one.embed([Path("nowhere.jpg")]))


def test_unlike_pictures_have_unlike_templates(subject: Subject, pictures: list[Path]) -> None:
    """Different pictures must not all have the same template."""
    made = [each.template for each in subject.make().embed(pictures) if each.template is not None]
    if len(made) < 2:
        pytest.skip("fewer than two pictures gave a template")
    assert not all(same(made[0], template) for template in made[1:])


def test_the_card_is_complete(subject: Subject) -> None:
    """And its fingerprint is that of its recipe."""
    card: MatcherCard = subject.make().card
    assert list(card_problems(card)) == []
    assert card.template_size is not None
    assert card.fingerprint == fingerprint_of(card.recipe)


def test_the_fingerprint_follows_what_changes_templates_and_nothing_else(
    subject: Subject, pictures: list[Path]
) -> None:
    """The batch size changes none."""
    one = subject.make()
    assert one.card.fingerprint == subject.make().card.fingerprint
    assert one.card.fingerprint == subject.in_batches(3).card.fingerprint
    if subject.other is None:
        pytest.skip("no setting that changes its templates is known; give --other NAME=VALUE")
    other = subject.make(**subject.other)
    assert one.card.fingerprint != other.card.fingerprint
    pairs = zip(one.embed(pictures), other.embed(pictures), strict=True)
    assert not all(same(left.template, right.template) for left, right in pairs)


def test_a_live_frame_has_the_template_of_the_same_picture_in_a_file(
    subject: Subject, pictures: list[Path]
) -> None:
    """What was evaluated is what runs live."""
    one = subject.make()
    if not isinstance(one, FrameMatcher):
        pytest.skip("it has no method faces_of, so it cannot run live")
    for path, still in zip(pictures, one.embed(pictures), strict=True):
        picture = open_picture(path)
        live = [] if picture is None else one.faces_of(picture)
        assert len(live) == (still.faces or 0)
        if len(live) == 1:
            assert same(live[0].template, still.template)


def test_a_packed_matcher_is_the_same_one(
    subject: Subject, pictures: list[Path], tmp_path: Path
) -> None:
    """Matchers of this package that run here can be registered; they come back unchanged."""
    one = subject.make()
    packed = tmp_path / "packed"
    packed.mkdir()
    if not isinstance(one, PackableMatcher) or "object" in one.card.recipe:
        with pytest.raises(MatcherError, match="registered"):
            pack(one, packed)
        pytest.skip(f"only {', '.join(KINDS)} can be registered")
    pack(one, packed)
    again = unpack_unchanged(packed)
    assert asdict(again.card) == asdict(replace(one.card, version=None))
    for left, right in zip(one.embed(pictures), again.embed(pictures), strict=True):
        assert left.reason == right.reason
        assert same(left.template, right.template)
