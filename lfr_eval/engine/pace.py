"""Engine: all frames in, the frames that there is time to process out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from threading import Condition, Thread

from lfr_eval.engine.frames import Frame


def paced(frames: Iterator[Frame], pace: str, live: bool) -> Iterator[Frame]:
    """Yield frames at a pace.

    Parameters
    ----------
    pace
        `every`: every frame, however long it takes. `live`: always the newest frame; those that
        arrive in between are lost, and a recording is played at its own speed. `auto`: `live` for
        streams, `every` for recordings.
    live
        Whether frames arrive in real time.
    """
    if pace == "every" or (pace == "auto" and not live):
        return frames
    return newest(frames if live else _in_real_time(frames))


def newest(frames: Iterator[Frame]) -> Iterator[Frame]:
    """Yield the newest frame, reading in a thread. The last frame is never lost."""
    slot = _Slot(frames)
    thread = Thread(target=slot.fill, daemon=True)
    thread.start()
    try:
        while (frame := slot.take()) is not None:
            yield frame
            del frame
    finally:
        slot.stop()


class _Slot:
    """Holds one frame between the reading thread and the processing thread."""

    def __init__(self, frames: Iterator[Frame]) -> None:
        self._frames = frames
        self._frame: Frame | None = None
        self._error: BaseException | None = None
        self._ended = self._stopped = False
        self._changed = Condition()

    def fill(self) -> None:
        try:
            for frame in self._frames:
                with self._changed:
                    if self._stopped:
                        return
                    self._frame = frame
                    self._changed.notify()
                del frame
        except BaseException as error:
            self._error = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify()

    def take(self) -> Frame | None:
        with self._changed:
            self._changed.wait_for(lambda: self._frame is not None or self._ended)
            frame, self._frame = self._frame, None
        if frame is None and self._error is not None:
            raise self._error
        return frame

    def stop(self) -> None:
        with self._changed:
            self._stopped, self._frame = True, None


def _in_real_time(frames: Iterator[Frame]) -> Iterator[Frame]:
    began: float | None = None
    for frame in frames:
        if began is None:
            began = time.monotonic() - frame.time
        time.sleep(max(0.0, frame.time - (time.monotonic() - began)))
        yield frame
        del frame
