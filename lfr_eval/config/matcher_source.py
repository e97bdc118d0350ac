"""Schemas of matchers for Hydra, made on demand from the matcher's signature.

Hydra is imported here, so this file is imported only where something is composed.
"""

from __future__ import annotations

import builtins

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.object_type import ObjectType
from hydra.plugins.config_source import ConfigResult, ConfigSource
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import OmegaConf

from lfr_eval.config.matchers import (
    MatcherConfig,
    MlflowConfig,
    PythonConfig,
    SimulatedMatcherConfig,
)
from lfr_eval.config.plugins import (
    PYTHON,
    RESERVED,
    SHIPPED,
    allowed_object,
    installed,
    plugin_at,
    plugin_named,
)
from lfr_eval.config.signatures import schema_of

MATCHER = "matcher"
SCHEMA = "schema_"
WRITTEN = {"mlflow": MlflowConfig, "simulated": SimulatedMatcherConfig}
"""Schemas of matchers that need more than their settings."""


class MatcherSource(ConfigSource):
    """Offers `matcher/schema_KIND` for the files of `conf/matcher/`, and `matcher/NAME` for others.

    The others are matchers that other packages register.
    """

    @staticmethod
    def scheme() -> str:
        """Return the prefix of the path in Hydra's search path."""
        return "matchers"

    def load_config(self, config_path: str) -> ConfigResult:
        """Return a schema with its defaults.

        Raises
        ------
        ConfigError
            If the matcher cannot be imported, or its signature cannot be turned into settings.
        """
        name = self._name(config_path)
        schema = _schema(name.removeprefix(SCHEMA))
        return ConfigResult(
            provider=self.provider,
            path=f"{self.scheme()}://{self.path}",
            config=OmegaConf.structured(schema),
            header={"package": None},
        )

    def is_group(self, config_path: str) -> bool:
        """Return whether a path is the group of matchers."""
        return config_path.strip("/") in ("", MATCHER)

    def is_config(self, config_path: str) -> bool:
        """Return whether a path is a schema or a matcher of another package."""
        return self._name(config_path) in self._names()

    def available(self) -> bool:
        """Return that it is there."""
        return True

    def list(self, config_path: str, results_filter: ObjectType | None) -> builtins.list[str]:
        """Return what is below a path."""
        group = config_path.strip("/")
        if group == "" and results_filter != ObjectType.CONFIG:
            return [MATCHER]
        if group == MATCHER and results_filter != ObjectType.GROUP:
            return sorted(self._names())
        return []

    def _name(self, config_path: str) -> str:
        group, _, name = config_path.strip("/").partition("/")
        return name.removesuffix(".yaml") if group == MATCHER else ""

    def _names(self) -> set[str]:
        kinds = {*SHIPPED, *WRITTEN, PYTHON}
        return {f"{SCHEMA}{kind}" for kind in kinds} | (set(installed()) - {*SHIPPED, *RESERVED})


def _schema(kind: str) -> type[MatcherConfig]:
    if kind == PYTHON:
        reference = allowed_object()
        return PythonConfig if reference is None else schema_of(plugin_at(reference))
    if kind in WRITTEN:
        return WRITTEN[kind]
    return schema_of(plugin_named(kind))


class MatchersLast(SearchPathPlugin):
    """Puts the schemas behind all folders of configuration files."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Put them there."""
        search_path.append("matchers", f"{MatcherSource.scheme()}://")
