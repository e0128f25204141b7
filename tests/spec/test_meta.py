"""What a spec and its variants say about themselves."""

from __future__ import annotations

import pytest

import cnncalc

SPEC = """
input: [3, 8, 8]
meta: {source: a paper, params: 1}
vars: {width: 4}
variants:
  half: {width: 2, meta: {params: 2, notes: [tested, {on: board}]}}
  same: {}
  bare: {meta: }
layers: [conv: [width, 3]]
"""


@pytest.mark.parametrize(
    "variant, meta",
    [
        (None, {"source": "a paper", "params": 1}),
        ("same", {"source": "a paper", "params": 1}),
        ("bare", {"source": "a paper", "params": 1}),
        ("half", {"source": "a paper", "params": 2, "notes": ["tested", {"on": "board"}]}),
    ],
)
def test_a_variants_meta_is_laid_over_the_specs(variant, meta):
    net = cnncalc.loads(SPEC, variant=variant)
    assert net.origin.meta == meta
    assert net.origin.vars == {"width": 2 if variant == "half" else 4}


def test_a_spec_without_meta_says_nothing():
    assert cnncalc.loads("input: [3]\nlayers: [fc: 1]").origin.meta == {}
