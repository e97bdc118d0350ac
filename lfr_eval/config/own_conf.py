"""The `conf/` folder of the working directory, read for Hydra as data only.

Hydra is imported here, so this file is imported only where something is composed.
"""

from __future__ import annotations

from dataclasses import fields
from io import StringIO
from pathlib import Path

from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra.core.config_search_path import ConfigSearchPath
from hydra.plugins.config_source import ConfigResult, ConfigSource
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import OmegaConf

from lfr_eval.config.foreign import TRUSTED, check_conf, check_data
from lfr_eval.config.missing import ConfigError
from lfr_eval.config.paths import conf_dir
from lfr_eval.config.study import StudyConfig
from lfr_eval.contract.reading import ReadingError, read_text


class OwnConf(FileConfigSource):
    """A folder of configuration files that anybody may have written."""

    @staticmethod
    def scheme() -> str:
        """Return the prefix of the folder in Hydra's search path."""
        return "own"

    def load_config(self, config_path: str) -> ConfigResult:
        """Read a file, and refuse it if it holds more than data.

        Raises
        ------
        ConfigError
            If it does.
        """
        root = Path(self.path)
        file = root / self._normalize_file_name(config_path)
        try:
            if config_path.lstrip("/").split("/")[0] == "hydra" or ".." in Path(config_path).parts:
                raise ReadingError(f"It changes Hydra itself. {TRUSTED}")
            # What was checked is what is used: the file is read once.
            text = read_text(file)
            header = _header(text)
            content = check_conf(text, header["package"])
            config = OmegaConf.load(StringIO(text))
            _check_place(Path(config_path.lstrip("/")), header["package"], content)
            # OmegaConf reads numbers, and perhaps more, in its own way.
            check_data(OmegaConf.to_container(config), header["package"])
        except ReadingError as error:
            raise ConfigError(f"{file} is not used. {error}") from error
        return ConfigResult(
            config=config,
            path=f"{self.scheme()}://{self.path}",
            provider=self.provider,
            header=header,
        )


def _header(text: str) -> dict[str, str | None]:
    try:
        return ConfigSource._get_header_dict(text[:512])
    except ValueError as error:
        raise ReadingError(
            f"Its header cannot be read ({error}). Write it as '# @package _global_'."
        ) from error


def _check_place(place: Path, package: str | None, content: object) -> None:
    """Refuse a file whose settings would not arrive where a study looks for them."""
    named, group = {entry.name for entry in fields(StudyConfig)}, place.parts[0]
    if place.parent == Path():
        raise ReadingError(
            f"It would replace the tool's own {group}. Put your own settings into "
            "conf/experiment/NAME.yaml. If this conf/ folder belongs to another program, start "
            f"lfr-eval in another folder. {TRUSTED}"
        )
    if content is not None and not isinstance(content, dict):
        raise ReadingError("It must hold KEY: VALUE lines.")
    if group == "experiment" and package != "_global_":
        raise ReadingError("An experiment begins with the line '# @package _global_'.")
    unknown = sorted({str(key) for key in content or {}} - named - {"defaults"})
    if package == "_global_" and unknown:
        raise ReadingError(
            f"There is no setting '{unknown[0]}'. The settings of the top level are "
            f"{', '.join(sorted(named))}."
        )


class OwnConfFirst(SearchPathPlugin):
    """Puts `conf/` of the working directory in front of the shipped groups."""

    trusted = False

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Put it there, if it is not the shipped folder itself."""
        own = own_conf()
        if own is not None:
            scheme = "file" if self.trusted else OwnConf.scheme()
            search_path.prepend("working directory", f"{scheme}://{own}")


def own_conf() -> Path | None:
    """Return `conf/` of the working directory, if there is one that is not the shipped folder."""
    own = Path.cwd() / "conf"
    return own if own.is_dir() and own.resolve() != conf_dir().resolve() else None
