"""Configuration: the dataclass schemas behind `conf/`.

In `composition`, Hydra fills them. No other module sees a DictConfig.
"""

from lfr_eval.config.datasets import (
    CaptureConfig,
    CardDatasetConfig,
    DatasetConfig,
    ManifestDatasetConfig,
    PairsDatasetConfig,
    SimulatedDatasetConfig,
)
from lfr_eval.config.matchers import MatcherConfig, MlflowConfig, SimulatedMatcherConfig
from lfr_eval.config.missing import MISSING, ConfigError
from lfr_eval.config.operating import ConstraintsConfig, EngineConfig, PolicyConfig, RetentionConfig
from lfr_eval.config.study import (
    REMOVED,
    ComputeConfig,
    DesignConfig,
    InferenceConfig,
    PathsConfig,
    PopulationConfig,
    ReportConfig,
    StudyConfig,
    ThresholdsConfig,
    TrackingConfig,
)

__all__ = [
    "MISSING",
    "REMOVED",
    "CaptureConfig",
    "CardDatasetConfig",
    "ComputeConfig",
    "ConfigError",
    "ConstraintsConfig",
    "DatasetConfig",
    "DesignConfig",
    "EngineConfig",
    "InferenceConfig",
    "ManifestDatasetConfig",
    "MatcherConfig",
    "MlflowConfig",
    "PairsDatasetConfig",
    "PathsConfig",
    "PolicyConfig",
    "PopulationConfig",
    "ReportConfig",
    "RetentionConfig",
    "SimulatedDatasetConfig",
    "SimulatedMatcherConfig",
    "StudyConfig",
    "ThresholdsConfig",
    "TrackingConfig",
]
