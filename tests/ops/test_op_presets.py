"""Each rule of the presets against the tool itself, on a layer of its own."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from cases import CASES
from generated.build import net_of
from peers import tools
from torch import nn

from cnncalc.analyses.work import convention
from cnncalc.errors import CnncalcError

pytestmark = pytest.mark.slow

WRITTEN_OTHERWISE = {
    # a conv whose padding is a word has an operator of its own, which fvcore does not count
    ("fvcore", "conv(out=2,kernel=3,padding=same,dilation=2)-1x9"),
    # calflops and torch cannot take a scale for each axis: the first fails, and spoils the second
    ("calflops", "upsample(scale=(0.3333333333333333, 2))-1x9x2"),
}


@pytest.mark.parametrize("case", [each for each in CASES if each.torch], ids=lambda each: each.id)
@pytest.mark.parametrize("tool", tools.TOOLS)
def test_a_layer_of_its_own(tool, case):
    """A preset has no rule only where the tool's figure hangs on how the layer is written."""
    tools.need(tool)
    if (tool, case.id) in WRITTEN_OTHERWISE:
        return
    layer = net_of(case.ins[0], (case.name, dict(case.args))).layers[0]
    try:
        expected = convention(tool).count(layer)
    except CnncalcError as error:
        assert "weight_norm" in str(error) or "with scale" in str(error)  # noqa: PT017
        return
    assert tools.count(tool, tools.Holder(case.torch(nn)), case.ins[0]) == expected
