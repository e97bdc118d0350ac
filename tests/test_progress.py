"""What long work says of itself, with a clock that the test moves."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest

from lfr_eval.contract.columns import aligned
from lfr_eval.contract.progress import counted, spoken, stage


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    """Moves on by so many seconds whenever an item is taken."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def items(self, count: int, seconds: float) -> Iterator[int]:
        for number in range(count):
            self.now += seconds
            yield number


def test_a_log_gets_a_line_a_minute_with_count_and_estimate() -> None:
    log, clock = io.StringIO(), Clock()
    made = list(counted(clock.items(200, 2.0), "comparisons", 200, log, clock))
    assert made == list(range(200))
    lines = log.getvalue().splitlines()
    assert lines[0] == "  30 of 200 comparisons, about 6 min left"
    assert lines[-1] == "  180 of 200 comparisons, about 40 s left"
    assert len(lines) == 6


def test_work_that_is_soon_done_says_nothing() -> None:
    log, clock = io.StringIO(), Clock()
    list(counted(clock.items(9, 0.1), "comparisons", 9, log, clock))
    assert log.getvalue() == ""


def test_a_terminal_has_one_line_that_is_gone_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    terminal, clock = Terminal(), Clock()
    list(counted(clock.items(10, 1.0), "rates", 10, terminal, clock))
    said = terminal.getvalue()
    assert "10/10" in said
    assert "rates" in said
    assert said.endswith("\x1b[?25h\r\x1b[1A\x1b[2K"), "the cursor is back, the line is gone"


def test_a_stage_has_a_name_a_number_and_its_time() -> None:
    log, clock = io.StringIO(), Clock()
    with stage("inference", 3, 5, log, clock):
        clock.now = 130.0
    assert log.getvalue().splitlines() == [
        "Stage 3 of 5: inference",
        "Stage 3 of 5: inference, done in 2 min",
    ]


@pytest.mark.parametrize(("seconds", "words"), [(0, "0 s"), (99, "99 s"), (3_600, "60 min")])
def test_durations_are_spoken(seconds: float, words: str) -> None:
    assert spoken(seconds) == words


@pytest.mark.parametrize("terminal", [False, True])
def test_a_table_is_ruled_on_a_terminal_and_plain_elsewhere(
    terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = Terminal() if terminal else io.StringIO()
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    rows = [("women [b]", "1 in 20"), ("men", "1 in 7, " + "which is far above the limit " * 2)]
    lines = list(aligned(("group", "FPIR"), rows))
    assert lines[-1] == ""
    assert any("women [b]" in line for line in lines)
    if terminal:
        bare = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines]
        assert max(map(len, bare)) <= 40
        assert any(set(line) == {" ", "─"} for line in bare)
    else:
        assert lines[0] == "  group      FPIR"
        assert "\x1b" not in "".join(lines)
