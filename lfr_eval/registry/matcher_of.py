"""A configuration in, the matcher that it names out."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from lfr_eval.cohort import fetch
from lfr_eval.config import (
    AlertsConfig,
    ConfigError,
    DlibConfig,
    FacenetConfig,
    HttpConfig,
    MatcherConfig,
    MlflowConfig,
    NullConfig,
    OnnxConfig,
    ScoresConfig,
    StudyConfig,
    TemplatesConfig,
)
from lfr_eval.config.paths import cache_folder, mirror_folder
from lfr_eval.contract.score_scale import ScoreScale
from lfr_eval.matchers import ImageMatcher, Matcher, make_matcher
from lfr_eval.registry.registered import load_registered, registry_uri


def matcher_of(config: StudyConfig) -> Matcher:
    """Return the matcher of a configuration.

    Raises
    ------
    ConfigError, CardError, FetchError, MatcherError, RegistryError, ScaleError
        If it cannot be made; the message says what is missing.
    """
    matcher = config.matcher
    if isinstance(matcher, MlflowConfig):
        where = matcher.registry or registry_uri(config)
        return load_registered(matcher.uri, where).matcher
    if isinstance(matcher, FacenetConfig):
        return make_matcher("facenet", **{**_own(matcher), "weights": _weights(config, matcher)})
    if isinstance(matcher, TemplatesConfig | OnnxConfig):
        own = {**_own(matcher), "path": Path(matcher.path)}
        del own["score_slope"], own["score_offset"]
        scale = ScoreScale(matcher.score_slope, matcher.score_offset)
        return make_matcher(matcher.kind, scale, **own)
    if isinstance(matcher, ScoresConfig | AlertsConfig):
        return make_matcher(matcher.kind, **{**_own(matcher), "path": Path(matcher.path)})
    if isinstance(matcher, HttpConfig):
        own = _own(matcher)
        # Which version it is said to serve is no concern of the pictures that are sent.
        del own["model"], own["registry"]
        return make_matcher("http", **own)
    if isinstance(matcher, DlibConfig | NullConfig):
        return make_matcher(matcher.kind, **_own(matcher))
    raise ConfigError(f"There is no kind of matcher '{matcher.kind}'.")


def image_matcher(config: StudyConfig) -> ImageMatcher:
    """Return the matcher of a configuration, which must make templates of images.

    Raises
    ------
    ConfigError
        If it does not; and as `matcher_of`.
    """
    matcher = None if config.matcher.kind == "simulated" else matcher_of(config)
    if not isinstance(matcher, ImageMatcher):
        raise ConfigError(
            f"The matcher '{config.matcher.name}' makes no templates of images; choose one that "
            "does: matcher=facenet."
        )
    return matcher


def _weights(config: StudyConfig, matcher: FacenetConfig) -> Path:
    """Return the file of weights: a file of the person's own, or what a card describes."""
    own = Path(matcher.weights).expanduser()
    if own.suffix in (".pt", ".safetensors"):
        if not own.is_file():
            raise ConfigError(f"matcher.weights={matcher.weights}: there is no such file.")
        return own
    return fetch(matcher.weights, mirror_folder(config.paths), cache_folder(config.paths))


def _own(matcher: MatcherConfig) -> dict[str, Any]:
    """Return the settings of a kind of matcher, without those that every kind has."""
    common = MatcherConfig.__dataclass_fields__
    return {name: value for name, value in asdict(matcher).items() if name not in common}
