"""A matcher of another package: chosen by name or by object, recorded by what ran, or refused."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest
from PIL import Image

from lfr_eval.config import ConfigError
from lfr_eval.config.composition import compose_study
from lfr_eval.config.plugins import SHIPPED, allow_object, installed, plugin_at, plugin_named
from lfr_eval.config.signatures import schema_of, settings_of
from lfr_eval.contract.score_scale import UNSCALED
from lfr_eval.matchers import Embedding, ImageMatcher, MatcherError, fingerprint_of, make_matcher
from lfr_eval.matchers.making import make, source_digest
from lfr_eval.matchers.packing import pack
from tests.forked import Forked

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "matchers.md").read_text(encoding="utf-8")
WRITTEN = PAGE[PAGE.index("## Write your own") :]


def block(language: str) -> str:
    """The first block of code of a language in the page."""
    found = re.search(rf"```{language}\n(.*?)```", WRITTEN, re.DOTALL)
    assert found is not None
    return found[1]


def commands() -> list[str]:
    blocks = re.findall(r"```console\n(.*?)```", WRITTEN, re.DOTALL)
    return [" ".join(text.replace("\\\n", " ").split()) for text in blocks]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of installed packages, with the page's matcher in it and nothing else."""
    folder = tmp_path_factory.mktemp("site")
    package, about = folder / "mypkg", folder / "mypkg-1.2.dist-info"
    package.mkdir()
    about.mkdir()
    (package / "__init__.py").touch()
    (package / "thumbnail.py").write_text(block("python"))
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: mypkg\nVersion: 1.2\n")
    (about / "top_level.txt").write_text("mypkg\n")
    registered = block("toml").replace('[project.entry-points."', "[").replace('"]', "]")
    (about / "entry_points.txt").write_text(registered.replace('"', ""))
    return folder


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Twelve people with a reference and a probe each, in a folder of their own."""
    generator = np.random.default_rng(3)
    rows = ["image_id,subject_id,path,role,gender,ethnicity"]
    for number in range(12):
        face = generator.integers(0, 256, (8, 8, 3), np.uint8)
        for role in ("reference", "probe"):
            noise = generator.integers(-20, 21, face.shape)
            pixels = (face.astype(int) + noise).clip(0, 255).astype(np.uint8)
            name = f"{number}-{role}"
            Image.fromarray(pixels).resize((64, 64)).save(tmp_path / f"{name}.png")
            gender, ethnicity = ("male", "female")[number % 2], ("black", "white")[number // 6]
            rows.append(f"{name},p{number},{name}.png,{role},{gender},{ethnicity}")
    (tmp_path / "manifest.csv").write_text("\n".join(rows) + "\n")
    return tmp_path


TESTED = """
import os, sys
site, folder, *words = sys.argv[1:]
sys.path.insert(0, site)
os.chdir(folder)
sys.stdout = open("said", "w")
import pytest
status = pytest.main(words)
sys.stdout.flush()
os._exit(status)
"""
"""Type `pytest` and these words in a folder, with the other package on the path."""

QUIET = ("design=verification", "report.pdf=false", "tracking=none", "compute.threads=1")


def typed(python: Forked, site: Path, where: Path, *words: str) -> CompletedProcess[str]:
    """Type a command in a folder, with the other package on the path."""
    environment = {"PYTHONPATH": str(site), "XDG_CACHE_HOME": str(where / "cache")}
    return python.command(where, *words, **environment)


def study(python: Forked, site: Path, where: Path, *words: str) -> dict[str, object]:
    """Run a study, and return its provenance."""
    told = typed(python, site, where, *words, *QUIET)
    assert told.returncode == 0, told.stderr[-2000:]
    newest = max((where / "studies").glob("*/provenance.json"), key=lambda at: at.stat().st_mtime)
    found: dict[str, object] = json.loads(newest.read_text())
    return found


@pytest.mark.slow
def test_the_matcher_of_the_page_runs_from_its_own_package(
    site: Path, people: Path, python: Forked
) -> None:
    """Exactly the text of the page, in thirty lines or so, by its object and by its name."""
    assert len(block("python").splitlines()) <= 36
    by_object, contract = commands()
    run = [word.strip("'") for word in by_object.split()[1:]]
    told = study(python, site, people, *run)
    card = told["matcher"]
    assert isinstance(card, dict)
    recipe = card["recipe"]
    assert recipe["object"] == "mypkg.thumbnail:Thumbnail"
    assert recipe["distribution"] == "mypkg 1.2"
    assert recipe["recipe"] == {"side": 16}
    assert card["fingerprint"] == fingerprint_of(recipe)
    assert card["template_size"] == 256
    config = told["config"]
    assert isinstance(config, dict)
    assert config["matcher"]["object"] == "mypkg.thumbnail:Thumbnail"
    assert config["matcher"]["side"] == 16

    by_name = study(python, site, people, "run", *run[1:3], "matcher=thumbnail", "matcher.side=16")
    again = by_name["matcher"]
    assert isinstance(again, dict)
    assert again["recipe"] == recipe
    assert again["fingerprint"] == card["fingerprint"]

    helped = typed(python, site, people, *run, "--help")
    assert "matcher.side (int): 16" in helped.stdout

    assert python.begin(TESTED, str(site), str(people), *contract.split()[1:]).wait() == 0
    assert "5 passed" in (people / "said").read_text()


def test_a_matcher_of_another_package_is_not_registered(
    site: Path, people: Path, python: Forked
) -> None:
    words = ("engine", "register", "matcher=thumbnail", "name=own")
    told = typed(python, site, people, *words)
    assert told.returncode == 2
    assert "it is of another package, and a registered model holds no code" in told.stderr
    assert "matcher=http" in told.stderr


def test_another_source_is_another_matcher(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(site))
    before = source_digest("mypkg.thumbnail")
    assert source_digest("mypkg") == before
    file = site / "mypkg" / "thumbnail.py"
    text = file.read_text()
    try:
        file.write_text(text.replace("+ 1,", "+ 2,"))
        assert source_digest("mypkg.thumbnail") != before
    finally:
        file.write_text(text)
    assert source_digest("mypkg.thumbnail") == before


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A module `own` without a package, to write matchers into."""
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path / "own.py"
    sys.modules.pop("own", None)
    schema_of.cache_clear()
    settings_of.cache_clear()
    allow_object([])


MATCHER = block("python").replace("Thumbnail", "Own")


def made(module: Path, text: str, **settings: object) -> ImageMatcher:
    module.write_text(text)
    matcher = make(plugin_at("own:Own"), UNSCALED, settings)
    assert isinstance(matcher, ImageMatcher)
    return matcher


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Own = 3", "neither a class nor a function"),
        ("import nothing_of_this_name", "cannot be imported .ModuleNotFoundError"),
        ("Other = int", "has no attribute 'Own'"),
        ("class Own: pass", "none of the methods embed"),
        ("def Own(): raise KeyError('no licence')", "could not be made .*no licence"),
        ("class Own:\n  card = 1\n  def embed(self, images): pass", "must be a MatcherCard"),
        (MATCHER.replace('"cosine"', '"dot"'), "card.similarity is 'dot'"),
        (MATCHER.replace("(-1.0, 1.0)", "(1.0, 1.0)"), "score_range is"),
        (MATCHER.replace("side * side,", "0,"), "template_size is 0"),
        (MATCHER.replace("int = 8", "complex = 8"), "'side' has the type complex"),
        (MATCHER.replace("side: int = 8", "storage: str"), "every matcher"),
    ],
)
def test_what_is_no_matcher_is_refused_with_the_reason(
    text: str, message: str, module: Path
) -> None:
    with pytest.raises((ConfigError, MatcherError), match=message):
        made(module, text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MATCHER.replace("ravel()", "ravel()[:5]"), r"shape \(5,\), but must have 64"),
        (MATCHER.replace("np.float32", "float"), "float64, but must be a float32 array"),
        (MATCHER.replace(".ravel() + 1", ".ravel() * 0"), "the template is zero"),
        (MATCHER.replace(".ravel() + 1", ".ravel() * np.nan"), "not a number"),
        (
            MATCHER.replace("yield Embedding(None, UNREADABLE, 0)", "pass"),
            "yields 1 embeddings for 2",
        ),
        (MATCHER.replace("in images:", "in [*images, *images]:"), "more embeddings than the 2"),
        (MATCHER.replace("yield Embedding(np", "yield (np"), "must yield an Embedding"),
        (MATCHER.replace("UNREADABLE, 0", "None, 0"), "neither a template nor a reason"),
    ],
)
def test_what_is_no_template_is_refused_while_it_runs(
    text: str, message: str, module: Path, tmp_path: Path
) -> None:
    Image.new("RGB", (8, 8), (90, 90, 90)).save(tmp_path / "a.png")
    with pytest.raises(MatcherError, match=message):
        list(made(module, text).embed([tmp_path / "a.png", b"no picture"]))


def test_a_sound_matcher_is_handed_through_and_cannot_be_registered(
    module: Path, tmp_path: Path
) -> None:
    Image.new("RGB", (8, 8), (90, 90, 90)).save(tmp_path / "a.png")
    matcher = made(module, MATCHER + "\n    def pack(self, folder):\n        return PACKED\n")
    (embedding,) = matcher.embed([tmp_path / "a.png"])
    assert isinstance(embedding, Embedding)
    assert embedding.template is not None
    assert (embedding.template == 91).all()
    assert "own:Own, source" in matcher.card.description
    vars(sys.modules["own"])["PACKED"] = type("P", (), {"kind": "python"})()
    with pytest.raises(MatcherError, match="a registered model holds no code"):
        pack(matcher, tmp_path)


def own(*words: str, typed: bool = True) -> object:
    given = ["experiment=london", "matcher=python", *words]
    if typed:
        allow_object(given)
    return compose_study(given).matcher


SETTINGS = ("model", "mean", "mode", "size", "limit", "names", "plain")


def test_settings_are_read_from_the_signature(module: Path) -> None:
    module.write_text(
        "from pathlib import Path\n"
        "from typing import Annotated, Literal\n"
        "from collections.abc import Sequence\n"
        "from lfr_eval.config.signatures import AtLeast\n"
        "class Own:\n"
        "    sweep, operating = (0.0, 1.0, 0.1), 0.5\n"
        "    def __init__(self, model: Path, mean: Sequence[float] = (1.0, 2.0),\n"
        "                 mode: Literal['fast', 'slow'] = 'fast', *,\n"
        "                 size: Annotated[int, AtLeast(1)] = 3, limit: float | None = None,\n"
        "                 names: dict[str, str] | None = None, plain=True, _hidden=object()): ...\n"
        "    def embed(self, images): ...\n"
    )
    at = "matcher.object=own:Own"
    config = own(at, "matcher.model=a.bin", "matcher.names={a: b}", "matcher.plain=false")
    values = vars(config)
    assert {name: values[name] for name in SETTINGS} == {
        "model": "a.bin",
        "mean": [1.0, 2.0],
        "mode": "fast",
        "size": 3,
        "limit": None,
        "names": {"a": "b"},
        "plain": False,
    }
    assert (values["kind"], values["name"], values["operating"]) == ("python", "Own", 0.5)
    for words, message in {
        (): "missing: matcher.model",
        ("matcher.model=a", "matcher.mode=x"): "matcher.mode must be fast or slow",
        ("matcher.model=a", "matcher.size=0"): "matcher.size must be at least 1 (got 0)",
        ("matcher.model=a", "matcher.size=text"): "could not be converted to Integer",
        ("matcher.model=a", "matcher.sizes=1"): "did you mean 'matcher.size'",
        ("matcher.model=a", "matcher._hidden=1"): "does not exist",
    }.items():
        with pytest.raises(ConfigError, match=re.escape(message)):
            own(at, *words)


def test_an_object_is_taken_from_the_command_line_only(
    module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module.write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\n" + MATCHER)
    with pytest.raises(ConfigError, match="never accepted from a plan, a registration or a file"):
        own("matcher.object=own:Own", typed=False)
    conf = tmp_path / "conf" / "experiment"
    conf.mkdir(parents=True)
    (conf / "theirs.yaml").write_text(
        "# @package _global_\ndefaults:\n  - override /dataset: london\n"
        "  - override /matcher: python\nmatcher:\n  object: own:Own\n"
    )
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="never accepted from a plan, a registration or a file"):
        compose_study(["experiment=theirs"])
    # Another object than the one that was typed is refused as well.
    allow_object(["matcher.object=lfr_eval.matchers.null:NullMatcher"])
    with pytest.raises(ConfigError, match="never accepted from"):
        compose_study(["experiment=theirs"])
    assert not (tmp_path / "ran").exists()
    with pytest.raises(ConfigError, match=r"package\.module:Name"):
        own("matcher.object=own.Own")
    with pytest.raises(ConfigError, match=r"missing: matcher\.object"):
        own()


@pytest.mark.parametrize("kind", ["mypkg.Mine", "onnx", "python", "simulated"])
def test_the_kind_cannot_be_set_beside_the_matcher(kind: str) -> None:
    with pytest.raises(ConfigError, match="choose a matcher with matcher=NAME"):
        compose_study(["experiment=london", f"matcher.kind={kind}"])
    with pytest.raises(ConfigError, match="choose the dataset with dataset=NAME"):
        compose_study(["experiment=london", "dataset.kind=manifest"])


def test_a_name_that_two_packages_have_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package, names in {"one": ["mine", "facenet"], "two": ["mine"]}.items():
        about = tmp_path / f"{package}-1.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
        lines = "".join(f"{name} = {package}.m:M\n" for name in names)
        (about / "entry_points.txt").write_text(f"[lfr_eval.matchers]\n{lines}")
    monkeypatch.syspath_prepend(str(tmp_path))
    installed.cache_clear()
    try:
        with pytest.raises(ConfigError, match=r"(one 1 and two 1|two 1 and one 1) each have"):
            plugin_named("mine")
        with pytest.raises(ConfigError, match="lfr_eval and one 1 each have a matcher 'facenet'"):
            plugin_named("facenet")
        assert plugin_named("onnx") == SHIPPED["onnx"]
        with pytest.raises(MatcherError, match="did you mean 'facenet'"):
            make_matcher("facenett")
    finally:
        installed.cache_clear()


def test_settings_of_shipped_matchers_stand_in_their_signatures_alone() -> None:
    """They are composed without importing what is slow to import."""
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys\nfrom lfr_eval.config.plugins import SHIPPED\n"
            "from lfr_eval.config.signatures import schema_of\n"
            "print(len([schema_of(one) for one in SHIPPED.values()]))\n"
            "print([one for one in ('torch', 'onnxruntime', 'dlib') if one in sys.modules])",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split("\n")[:2] == [str(len(SHIPPED)), "[]"]
