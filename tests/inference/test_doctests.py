"""The examples in the docstrings of inference run and print what they show."""

import doctest
from importlib import import_module

import pytest

MODULES = ("api", "contingency", "intervals", "multiplicity", "rate_statements")


@pytest.mark.parametrize("module", MODULES)
def test_examples(module):
    result = doctest.testmod(
        import_module(f"lfr_eval.inference.{module}"), optionflags=doctest.NORMALIZE_WHITESPACE
    )
    assert result.attempted > 0
    assert result.failed == 0
