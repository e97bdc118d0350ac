"""An ONNX graph that anybody may have made: cut faces in, one template per face out, or refused.

A graph can hold endless loops, read other files, ask for any amount of memory, and have several
outputs without saying which is the template.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from threading import Timer
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lfr_eval.compute.limits import within_free_memory
from lfr_eval.contract.reading import why_no_file
from lfr_eval.contract.words import several
from lfr_eval.matchers import MatcherError
from lfr_eval.matchers.onnx_size import MOST, too_many_nodes
from lfr_eval.matchers.probing import FEWEST, REMEDY

PATIENCE = 600.0
"""Seconds within which a network must answer for one batch of faces."""


class OnnxGraph:
    """A graph in one file, ready to run.

    Raises
    ------
    MatcherError
        If the extra is not installed, or the file is not such a graph.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._session: Any = _session(path)
        self._input: str = self._session.get_inputs()[0].name

    @property
    def output(self) -> str:
        """Name of the output that is the template."""
        return str(self._session.get_outputs()[0].name)

    @property
    def wanted(self) -> str:
        """What the graph takes, in words."""
        wanted = self._session.get_inputs()[0]
        return f"'{wanted.name}' is {wanted.shape} of {wanted.type}"

    def template(self, pixels: NDArray[np.float32]) -> NDArray[Any]:
        """Return the network's first output, one row per face.

        Raises
        ------
        MatcherError
            If it does not have one row of values per face.
        """
        output = self._answers(pixels)[0]
        rows = _rows(output)
        if rows.ndim != 2 or len(rows) != len(pixels):
            raise MatcherError(
                f"{self._path}: for {len(pixels)} faces, the output "
                f"'{self.output}' has the shape {np.shape(output)}. It "
                f"must be ({len(pixels)}, size), one template per face. {REMEDY}"
            )
        if rows.dtype.kind not in "fiu":
            raise MatcherError(
                f"{self._path}: the output '{self.output}' does not hold numbers. {REMEDY}"
            )
        return rows

    def check_one_template(self, pixels: NDArray[np.float32]) -> None:
        """Check that only one output can be the template, since nothing says which is.

        Raises
        ------
        MatcherError
            If there are several.
        """
        shapes = {
            each.name: _rows(output).shape
            for each, output in zip(self._session.get_outputs(), self._answers(pixels), strict=True)
        }
        faces = len(pixels)
        may_be = {
            name: shape[1]
            for name, shape in shapes.items()
            if len(shape) == 2 and shape[0] == faces and shape[1] >= FEWEST
        }
        if len(may_be) > 1:
            said = ", ".join(f"'{name}' ({size} values)" for name, size in may_be.items())
            raise MatcherError(
                f"{self._path}: each of its outputs {said} may be the template. {REMEDY}"
            )

    def _answers(self, pixels: NDArray[np.float32]) -> list[Any]:
        """Run the network.

        Raises
        ------
        MatcherError
            If it has not answered after `PATIENCE` seconds, or needs more memory than is free.
        """
        import onnxruntime

        options = onnxruntime.RunOptions()
        timer = Timer(PATIENCE, setattr, (options, "terminate", True))
        timer.daemon = True
        timer.start()
        try:
            with within_free_memory():
                outputs: list[Any] = self._session.run(None, {self._input: pixels}, options)
        except Exception as error:
            if options.terminate:
                raise MatcherError(
                    f"{self._path} did not answer within {PATIENCE:g} seconds for "
                    f"{several(len(pixels), 'face')}. Give a smaller matcher.batch_size, or "
                    "another graph."
                ) from error
            if _is_of_memory(error):
                raise MatcherError(
                    f"{self._path} needs more memory for {several(len(pixels), 'face')} than this "
                    "machine has free. Give a smaller matcher.batch_size, or another graph."
                ) from error
            raise
        finally:
            timer.cancel()
        return outputs


def _rows(output: Any) -> NDArray[Any]:
    """Return an output with one row per face, if it has one.

    One value in every further dimension, (faces, size, 1, 1), is a template all the same.
    """
    rows = np.asarray(output)
    if rows.ndim > 2 and rows.size == rows.shape[0] * max(rows.shape[1:]):
        rows = rows.reshape(rows.shape[0], -1)
    return rows


def _session(path: Path) -> Any:
    if not path.is_file():
        raise MatcherError(f"{path} {why_no_file(path)}. Give matcher.path=FILE.onnx.")
    try:
        import onnxruntime
    except ImportError:
        raise MatcherError(
            "The matcher 'onnx' needs an extra: pip install 'lfr-eval[onnx]'."
        ) from None
    content = path.read_bytes()
    if too_many_nodes(content):
        raise MatcherError(
            f"{path} has functions that expand to more than {MOST:,} nodes. Give another graph."
        )
    options = onnxruntime.SessionOptions()
    # One thread: sums come out the same on every machine with as many cores as it likes.
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    # No folder: a graph may name files of weights, which its hash does not cover. Without this,
    # onnxruntime looks for them in the working directory.
    options.add_session_config_entry(
        "session.model_external_initializers_file_folder_path", os.devnull
    )
    try:
        with within_free_memory():
            return onnxruntime.InferenceSession(
                content, options, providers=["CPUExecutionProvider"]
            )
    except Exception as error:
        if _is_of_memory(error):
            raise MatcherError(
                f"{path} needs more memory than this machine has free. Give another graph."
            ) from error
        # onnxruntime's errors have no common class of their own.
        raise MatcherError(
            f"{path} is not an ONNX graph in one file: {str(error)[:200]}"
        ) from error


def _is_of_memory(error: Exception) -> bool:
    """Whether a failure of onnxruntime, whose errors have no common class, is one of memory."""
    return isinstance(error, MemoryError) or bool(
        re.search("bad.?alloc|failed to allocate memory", str(error), re.IGNORECASE)
    )
