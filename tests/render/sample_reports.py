"""Reports written by hand: what renderers and budgets must be able to print and judge."""

from math import prod

from cnncalc.report import Axes, Check, Head, Place, Report, Row, Totals

FILE = "models/net.yaml"


def axes(size, jump=1, start=0, *, aligned=True, phases=None):
    return Axes(_pair(size), _pair(jump), _pair(start), aligned, phases)


def _pair(value):
    return value if isinstance(value, tuple) else (value, value)


def row(path, op, out, **given):
    params, macs = given.get("params", 0), given.get("macs", 0)
    return Row(
        path=path,
        op=op,
        args=given.get("args", {}),
        inputs=given.get("inputs", ()),
        in_shapes=given.get("in_shapes", ()),
        out_shape=out,
        params=params,
        buffers=given.get("buffers", 0),
        work=dict.fromkeys(("add", "mul", "div", "cmp", "exp"), 0) | {"mac": macs},
        macs=macs,
        flops=given.get("flops", macs),
        activations=prod(out),
        live_bytes=given.get("live_bytes", 4 * prod(out)),
        rf=given.get("rf"),
        sees_all=given.get("sees_all", False),
        source=(Place(FILE, given.get("line", 1), 3, op),),
        kernel=given.get("kernel", ""),
        branches=given.get("branches", ()),
        shares=given.get("shares", ""),
    )


def report(rows, **given):
    def total(name):
        return sum(getattr(each, name) for each in rows)

    local = [each for each in rows if each.rf]
    peak = max(rows, key=lambda each: each.live_bytes)
    totals = Totals(
        params=total("params"),
        trainable=given.get("trainable", total("params")),
        buffers=total("buffers"),
        macs=total("macs"),
        flops=total("flops"),
        weights_bytes=4 * total("params"),
        activations=total("activations"),
        peak_memory_bytes=peak.live_bytes,
        layers=len(rows),
    )
    head = Head(
        spec=given.get("spec", FILE),
        variant=given.get("variant"),
        name=given.get("name", "net"),
        inputs=given.get("inputs", {"input": (3, 224, 224)}),
        vars={"width": 1.0},
        convention="notes",
        rule="1 per multiply-add, 1 per bias, of conv and linear; nothing else",
        batch=given.get("batch", 1),
        dtype="float32",
    )
    last = (local[-1].path, local[-1].rf, local[-1].sees_all) if local else None
    parts = given.get("parts", rows)
    return Report(
        head,
        totals,
        last,
        peak.path,
        given.get("checks", [Check("top-down = bottom-up", True, "at all layers")]),
        given.get("notes", []),
        lambda split: parts if split else rows,
    )


def lenet():
    """LeNet-5 of the language's page: 61,706 params, 416,520 MACs (LeCun et al. 1998)."""
    rows = [
        row(
            "c1",
            "conv",
            (6, 28, 28),
            params=156,
            macs=117_600,
            flops=122_304,
            kernel="5×5",
            rf=axes(5),
            line=5,
        ),
        row("s2", "avg_pool", (6, 14, 14), kernel="2×2/2", rf=axes(6, 2), line=6),
        row(
            "c3",
            "conv",
            (16, 10, 10),
            params=2_416,
            macs=240_000,
            flops=241_600,
            kernel="5×5",
            rf=axes(14, 2),
            line=7,
        ),
        row("s4", "avg_pool", (16, 5, 5), kernel="2×2/2", rf=axes(16, 4), line=8),
        row(
            "c5",
            "conv",
            (120, 1, 1),
            params=48_120,
            macs=48_000,
            flops=48_120,
            kernel="5×5",
            rf=axes(32, 4),
            line=9,
        ),
        row(
            "f6", "linear", (84,), params=10_164, macs=10_080, flops=10_164, sees_all=True, line=10
        ),
        row("out", "linear", (10,), params=850, macs=840, flops=850, sees_all=True, line=11),
    ]
    return report(
        rows,
        name="LeNet-5",
        spec="specs/lenet.yaml",
        inputs={"input": (1, 32, 32)},
        checks=[
            Check("top-down = bottom-up", True, "at all layers"),
            Check("budget: params <= 70k", True, "params 61.7 k ≤ 70 k (88%)"),
            Check(
                "budget: rf(c3) >= input", False, "rf(c3) 14 px < 32 px, under by 18 px (−56.3%)"
            ),
            Check("budget: params <= baseline", None, "not evaluated: baseline"),
        ],
    )


def residual():
    """Two bottlenecks with a join, a shared layer and long paths, in the sizes of ResNet-50."""
    rows = [
        row(
            "stem.conv",
            "conv",
            (64, 112, 112),
            params=9_536,
            buffers=128,
            macs=118_013_952,
            kernel="7×7/2",
            rf=axes(7, 2, -3),
            line=21,
        ),
        row("stem.max_pool", "max_pool", (64, 56, 56), kernel="3×3/2", rf=axes(11, 4, -5), line=21),
        *_bottleneck("stage1.bottleneck1", 22, 56, 64, 4, (11, 11, 19, 19)),
        *_bottleneck("stage2.bottleneck1", 23, 28, 128, 8, (19, 19, 27, 27)),
        row("head.gap", "global_avg_pool", (512,), sees_all=True, line=26),
        row(
            "head.fc",
            "linear",
            (1000,),
            params=513_000,
            macs=512_000,
            flops=513_000,
            sees_all=True,
            line=26,
        ),
        row(
            "head.fc2",
            "linear",
            (1000,),
            macs=512_000,
            flops=513_000,
            sees_all=True,
            shares="head.fc",
            line=27,
        ),
    ]
    return report(
        rows,
        name="ResNet",
        spec="specs/resnet.yaml",
        variant="short",
        notes=["head.gap reads the whole map: behind it every layer sees all of the input"],
    )


def _bottleneck(path, line, size, width, jump, fields):
    def conv(name, out, kernel, rf, ins, taps=1):
        params = out * ins * taps
        return row(
            f"{path}.{name}",
            "conv",
            (out, size, size),
            params=params + 2 * out,
            buffers=2 * out,
            macs=params * size * size,
            kernel=kernel,
            rf=axes(rf, jump, -jump),
            line=line,
        )

    return [
        conv("conv1", width, "1×1", fields[0], width),
        conv("conv2", width, "3×3", fields[2], width, 9),
        conv("conv3", 4 * width, "1×1", fields[2], width),
        conv("skip", 4 * width, "1×1", fields[0], width),
        row(
            f"{path}.add1",
            "add",
            (4 * width, size, size),
            branches=("main", "skip"),
            rf=axes(fields[3], jump, -jump),
            live_bytes=12 * width * size * size,
            line=line,
        ),
    ]


def squeeze():
    """A squeeze-excite gate: a local field that remains, and a whole map that enters."""
    rows = [
        row(
            "conv1",
            "conv",
            (16, 32, 32),
            params=448,
            macs=442_368,
            kernel="3×3",
            rf=axes(3),
            line=4,
        ),
        row("se.gap", "global_avg_pool", (16,), sees_all=True, line=5),
        row("se.fc", "linear", (16,), params=272, macs=256, flops=272, sees_all=True, line=5),
        row(
            "se.mul1",
            "mul",
            (16, 32, 32),
            rf=axes(3),
            sees_all=True,
            branches=("main", "gate"),
            line=5,
        ),
        row(
            "conv2",
            "conv",
            (16, 32, 16),
            params=2_320,
            macs=1_179_648,
            kernel="3×3/1×2",
            rf=axes((5, 7), (1, 2), (-2, -3)),
            sees_all=True,
            line=6,
        ),
        row(
            "mix.add1",
            "add",
            (16, 32, 16),
            rf=axes((9, 12), (1, 2), aligned=False),
            sees_all=True,
            branches=("a", "b", "c", "d", "e"),
            line=7,
        ),
    ]
    return report(
        rows, name="SE", inputs={"input": (3, 32, 32)}, notes=["global context enters at se.mul1"]
    )


def unet():
    """Upsampling makes phases: 188 for 4 of 16 phases, 204 for the other 12, on each axis."""
    sizes = tuple((188 if phase % 4 == 0 else 204, -90 - phase) for phase in range(16))
    rows = [
        row(
            "e1.conv1",
            "conv",
            (64, 64, 64),
            params=640,
            macs=2_359_296,
            kernel="3×3",
            rf=axes(3, 1, -1),
            line=9,
        ),
        row("e5.max_pool", "max_pool", (64, 4, 4), kernel="2×2/2", rf=axes(60, 16, -8), line=13),
        row(
            "d1.deconv",
            "conv_transpose",
            (64, 64, 64),
            params=16_448,
            macs=16_777_216,
            kernel="2×2/2",
            rf=axes(204, 16, -90, phases=(sizes, sizes)),
            line=17,
        ),
        row("d0.upsample", "upsample", (64, 128, 128), rf=axes(204, "1/2", -90), line=18),
    ]
    return report(rows, name="U-Net", inputs={"input": (1, 64, 64)}, batch=8)


def hostile():
    """Names of 80 characters and worse, escape sequences, and numbers beyond any network."""
    evil = "a\x1b[31mred\x1b[0m|b`c<script>*x*@me\r\n\u202egnol 名前"
    deep = ".".join(["quite_a_long_group_name"] * 3 + ["conv_number_12345"])
    rows = [
        row(
            deep,
            "conv",
            (4096, 1024, 1024),
            params=10**15 - 1,
            macs=999_950_000_000_000_000,
            flops=10**21,
            kernel="31×31/16",
            rf=axes((12345, 54321), (4096, 2048)),
            line=99_999,
        ),
        row(
            f"{deep}.add1",
            "add",
            (1, 1, 1),
            branches=("x" * 40, "y" * 40),
            rf=axes(7),
            line=100_000,
        ),
        row(evil, "conv", (1, 1, 1), params=5, macs=10**33, flops=7, kernel="1×1", line=3),
    ]
    return report(
        rows,
        name="[bold]" + "N" * 120,
        spec="some/" + "folder/" * 12 + "net.yaml",
        notes=["one " + "w" * 200 + " long word, and " + "many words " * 20],
        checks=[Check("cross\x1b[2J", False, "12 ≠ 13 at " + deep)],
    )


ALL = {each.__name__: each for each in (lenet, residual, squeeze, unet, hostile)}
