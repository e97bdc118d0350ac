"""Hostile text in every field of a study stays text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from lfr_eval.report import render
from tests.report.browser.conftest import open_page
from tests.report.builders import Labels, write_study

HOSTILE = (
    "<script>window.attacked = 1</script>",
    '"><img src=x onerror="window.attacked = 1">',
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|x",
    "-2+3+cmd|x",
    "</script><script>window.attacked = 1</script>",
    "]]><svg onload=window.attacked=1>",
)
FIELDS = (*HOSTILE, "{{ 7 * 7 }}{% raw %}", "\u202eevil\u2066", "x" * 5000, "javascript:alert(1)")


def poison(content: object, texts: list[str]) -> object:
    """Put hostile text into every text field; names that are looked up elsewhere stay."""
    if isinstance(content, dict):
        kept = {"factors", "reference_groups", "started", "finished", "study_hash", "files"}
        return {
            key: value if key in kept else poison(value, texts) for key, value in content.items()
        }
    if isinstance(content, list):
        return [poison(value, texts) for value in content]
    if isinstance(content, str):
        texts.append(texts.pop(0))
        return texts[-1]
    return content


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_study(
        tmp_path_factory.mktemp("hostile") / "study",
        labels=Labels(genders=HOSTILE[:3], ethnicities=HOSTILE[3:], crossed=False),
        thresholds=(0.56, 0.6, 0.64),
        sizes=[1_000],
    )
    texts = list(FIELDS)
    for name in ("study.json", "provenance.json"):
        file = folder / name
        file.write_text(json.dumps(poison(json.loads(file.read_text("utf-8")), texts)), "utf-8")
    return render(folder)


def test_no_text_becomes_an_element_or_runs(browser: Browser, attacked: Path) -> None:
    opened = open_page(browser, attacked)
    page = opened.page
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    for factor in ("0", "1"):
        page.locator("#factor").select_option(factor)
    assert page.evaluate("window.attacked") is None
    assert page.locator("img, iframe, object, embed, svg[onload], script:not([id])").count() == 1
    assert page.evaluate(
        "[...document.querySelectorAll('*')].every((each) => "
        "[...each.attributes].every(({ name }) => !name.startsWith('on')))"
    )
    assert "{{ 7 * 7 }}" in page.content()
    assert opened.problems == []
    assert "\u202e" not in page.content()
    page.close()
