"""Engine: pictures in, templates out, as `mlflow models serve` offers a registered matcher.

One row a picture: `acquired`, `reason`, `faces`, `template`, and the `fingerprint` of what made
it. With the parameter `describe` the answer is one row with the matcher's `card` instead. The
server states what it really runs, not what it was registered as, so that parity can tell.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

# MLflow reads the types of `predict`, and warns of those that it cannot find.
import pandas as pd
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from lfr_eval.matchers import ImageMatcher
from lfr_eval.matchers.packing import differences, packed_recipe, unpack

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

IMAGE, DESCRIBE, ARTIFACT = "image", "describe", "matcher"


class ServedMatcher(PythonModel):
    """A packed matcher as MLflow calls it."""

    _matcher: ImageMatcher

    def load_context(self, context: PythonModelContext) -> None:
        """Make the matcher of the model's artifacts."""
        folder = Path(context.artifacts[ARTIFACT])
        self._matcher = unpack(folder)
        changed = differences(packed_recipe(folder), self._matcher.card.recipe)
        if changed:
            logging.getLogger(__name__).warning(
                "This is not the matcher that was registered: %s.", "; ".join(changed)
            )

    def predict(
        self,
        context: PythonModelContext,  # noqa: ARG002
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> Any:
        """Return one row a picture, or the card."""
        if (params or {}).get(DESCRIBE):
            return [{"card": json.dumps(asdict(self._matcher.card))}]
        return rows_of(self._matcher, [bytes(value) for value in model_input[IMAGE]])


def rows_of(matcher: ImageMatcher, pictures: Sequence[bytes]) -> list[dict[str, object]]:
    """Return what is answered for pictures."""
    return [
        {
            "acquired": made.template is not None,
            "reason": made.reason,
            "faces": made.faces,
            "template": None if made.template is None else made.template.tolist(),
            "fingerprint": matcher.card.fingerprint,
        }
        for made in matcher.embed(pictures)
    ]


def signature() -> ModelSignature:
    """Return the signature of every registered matcher."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema
    from mlflow.types.schema import Array

    outputs = Schema(
        [
            ColSpec(DataType.boolean, "acquired"),
            ColSpec(DataType.string, "reason", required=False),
            ColSpec(DataType.long, "faces", required=False),
            ColSpec(Array(DataType.float), "template", required=False),
            ColSpec(DataType.string, "fingerprint"),
        ]
    )
    return ModelSignature(
        inputs=Schema([ColSpec(DataType.binary, IMAGE)]),
        outputs=outputs,
        params=ParamSchema([ParamSpec(DESCRIBE, DataType.boolean, False)]),
    )
