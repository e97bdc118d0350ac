"""Configuration: the dataclass schemas behind `conf/`.

In `composition`, Hydra fills them. No other module sees a DictConfig.
"""

from lfr_eval.config.datasets import (
    CaptureConfig,
    CardDatasetConfig,
    ManifestDatasetConfig,
    PairsDatasetConfig,
    SimulatedDatasetConfig,
)
from lfr_eval.config.matchers import MatcherConfig, MlflowConfig
from lfr_eval.config.missing import MISSING, ConfigError
from lfr_eval.config.operating import ConstraintsConfig, EngineConfig, PolicyConfig, RetentionConfig
from lfr_eval.config.study import (
    REMOVED,
    DesignConfig,
    InferenceConfig,
    PathsConfig,
    PopulationConfig,
    StudyConfig,
    ThresholdsConfig,
    TrackingConfig,
)
