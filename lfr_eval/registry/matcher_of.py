"""A configuration in, its matcher out."""

from __future__ import annotations

from pathlib import Path

from lfr_eval.cohort import fetch
from lfr_eval.config import ConfigError, MlflowConfig, StudyConfig
from lfr_eval.config.paths import cache_folder, mirror_folder
from lfr_eval.config.signatures import SCALE, plugin_of, settings_of
from lfr_eval.contract.score_scale import ScoreScale
from lfr_eval.matchers import ImageMatcher, Matcher
from lfr_eval.matchers.making import make
from lfr_eval.registry.registered import load_registered, registry_uri
from lfr_eval.tracking import impatient


def matcher_of(config: StudyConfig) -> Matcher:
    """Return the matcher of a configuration.

    Raises
    ------
    ConfigError, CardError, FetchError, MatcherError, RegistryError, ScaleError
        If the matcher cannot be made; the message says what is missing.
    """
    matcher = config.matcher
    if isinstance(matcher, MlflowConfig):
        where = matcher.registry or registry_uri(config)
        with impatient(config.tracking.timeout):
            return load_registered(matcher.uri, where).matcher
    plugin = plugin_of(matcher)
    if plugin is None:
        raise ConfigError(f"There is no kind of matcher '{matcher.kind}'.")
    values = vars(matcher)
    given = {setting.name: values[setting.name] for setting in settings_of(plugin)}
    for setting in settings_of(plugin):
        if setting.path and (value := given[setting.name]) is not None:
            made = (
                _weights(config, setting.name, value)
                if setting.weights
                else Path(value).expanduser()
            )
            given[setting.name] = made
    return make(plugin, ScoreScale(*(values.get(name, default) for name, default in SCALE)), given)


def image_matcher(config: StudyConfig) -> ImageMatcher:
    """Return the matcher of a configuration, which must make templates of images.

    Raises
    ------
    ConfigError
        If it does not make templates. Other errors as for `matcher_of`.
    """
    matcher = None if config.matcher.kind == "simulated" else matcher_of(config)
    if not isinstance(matcher, ImageMatcher):
        raise ConfigError(
            f"The matcher '{config.matcher.name}' does not make templates from images. Choose one "
            "that does, for example matcher=facenet."
        )
    return matcher


def _weights(config: StudyConfig, name: str, value: str) -> Path:
    """Return the weights file: a file that was given, or the one that a card describes."""
    own = Path(value).expanduser()
    if own.suffix or len(own.parts) > 1:
        if not own.is_file():
            raise ConfigError(
                f"matcher.{name}={value}: there is no such file. Give a file, or the name of a "
                "card."
            )
        return own
    return fetch(value, mirror_folder(config.paths), cache_folder(config.paths))
