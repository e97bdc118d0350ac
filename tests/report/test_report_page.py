from __future__ import annotations

from conftest import WriteStudy

from lfr_eval.report import render


def test_render_smoke(write_study: WriteStudy) -> None:
    page = render(write_study())
    assert page.exists()
