"""The innermost loop of all sweeps, written in vectors: one row of labels from the rows of its tails.

A row holds one label a lane (a start). The compiler would not keep a row in registers while arcs are added
to it, because it cannot know that a row is none of its own tails, so the instructions are put together here.
LLVM turns them into the widest that the processor has; "the new one where it is less, else the old one" is a
single instruction. Measured on AVX2: eight times the speed of the loop that the compiler makes by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

LANES: Final = 32
"""Lanes of a row: eight vectors of four doubles, half of the vector registers of an AVX2 processor."""
_WIDTH: Final = 4
_TOLL_LANES: Final = 16  # lanes at a time where tolls take registers too
_INT32: Final = ir.IntType(32)
_INT64: Final = ir.IntType(64)
_DOUBLES: Final = ir.VectorType(ir.DoubleType(), _WIDTH)
_SINGLES: Final = ir.VectorType(ir.FloatType(), _WIDTH)


class _Rows:
    """Rows of LANES numbers in memory, taken a vector at a time from lane `offset` on."""

    def __init__(self, builder: Any, data: Any, vector: Any, offset: int) -> None:
        self._builder, self._data, self._vector, self._offset = builder, data, vector, offset

    def _point(self, row: Any, k: int) -> Any:
        start = self._builder.mul(row, ir.Constant(_INT64, LANES))
        place = self._builder.add(start, ir.Constant(_INT64, self._offset + k * _WIDTH))
        return self._builder.bitcast(self._builder.gep(self._data, [place]), self._vector.as_pointer())

    def load(self, row: Any, k: int) -> Any:
        value = self._builder.load(self._point(row, k))
        value.align = 4
        return value

    def store(self, row: Any, k: int, value: Any) -> None:
        self._builder.store(value, self._point(row, k)).align = 4


def _spread(builder: Any, value: Any, vector: Any) -> Any:
    """Return a vector with `value` in every place."""
    empty = ir.Constant(vector, ir.Undefined)
    one = builder.insert_element(empty, value, ir.Constant(_INT32, 0))
    return builder.shuffle_vector(one, empty, ir.Constant(ir.VectorType(_INT32, _WIDTH), [0] * _WIDTH))


def _emit_lead(context: Any, builder: Any, signature: Any, args: Any, *, tolls: bool) -> Any:
    """Write the instructions of :data:`lead` or :data:`lead_with_tolls`."""
    kinds = signature.args
    data = {
        k: context.make_array(kind)(context, builder, args[k]).data
        for k, kind in enumerate(kinds)
        if isinstance(kind, types.Array)
    }
    place, seed, first, last = args[1], args[3], args[5], args[6]
    step = _TOLL_LANES if tolls else LANES
    for offset in range(0, LANES, step):
        into, seeds, rows = (_Rows(builder, data[k], _DOUBLES, offset) for k in (0, 2, 4))
        count = step // _WIDTH
        no_way = [_spread(builder, ir.Constant(ir.DoubleType(), float("inf")), _DOUBLES)] * count
        free = [_spread(builder, ir.Constant(ir.FloatType(), 0.0), _SINGLES)] * count
        if tolls:
            into_toll, seed_toll, row_toll = (_Rows(builder, data[k], _SINGLES, offset) for k in (9, 10, 11))

        before = builder.block
        seeded, loop, body, done = (builder.append_basic_block(n) for n in ("seeded", "loop", "body", "done"))
        builder.cbranch(builder.icmp_signed(">=", seed, ir.Constant(_INT64, 0)), seeded, loop)
        builder.position_at_end(seeded)
        label_seeds = [seeds.load(seed, k) for k in range(count)]
        toll_seeds = [seed_toll.load(seed, k) for k in range(count)] if tolls else []
        builder.branch(loop)

        builder.position_at_end(loop)
        arc = builder.phi(_INT64)
        label = [builder.phi(_DOUBLES) for _ in range(count)]
        toll = [builder.phi(_SINGLES) for _ in range(count)] if tolls else []
        for source, arcs, labels, paid in (
            (before, first, no_way, free),
            (seeded, first, label_seeds, toll_seeds),
        ):
            arc.add_incoming(arcs, source)
            for phis, values in ((label, labels), (toll, paid)):
                for phi, value in zip(phis, values, strict=False):
                    phi.add_incoming(value, source)
        builder.cbranch(builder.icmp_signed("<", arc, last), body, done)

        builder.position_at_end(body)
        tail = builder.sext(builder.load(builder.gep(data[7], [arc])), _INT64)
        weight = _spread(builder, builder.load(builder.gep(data[8], [arc])), _DOUBLES)
        price = _spread(builder, builder.load(builder.gep(data[12], [arc])), _SINGLES) if tolls else None
        for k in range(count):
            new = builder.fadd(rows.load(tail, k), weight)
            better = builder.fcmp_ordered("<", new, label[k])
            if tolls:
                paid = builder.fadd(row_toll.load(tail, k), price)
                tied = builder.fcmp_ordered("==", new, label[k])
                cheaper = builder.fcmp_ordered("<", paid, toll[k])
                better = builder.or_(better, builder.and_(tied, cheaper))
                toll[k].add_incoming(builder.select(better, paid, toll[k]), body)
            label[k].add_incoming(builder.select(better, new, label[k]), body)
        arc.add_incoming(builder.add(arc, ir.Constant(_INT64, 1)), body)
        builder.branch(loop)

        builder.position_at_end(done)
        for k in range(count):
            into.store(place, k, label[k])
            if tolls:
                into_toll.store(place, k, toll[k])
    return context.get_dummy_value()


def _lead(
    typing: Any,
    into: Any,
    place: Any,
    seeds: Any,
    seed: Any,
    rows: Any,
    first: Any,
    last: Any,
    tail: Any,
    label: Any,
) -> Any:
    whole = types.int64
    kinds = (into, whole, seeds, whole, rows, whole, whole, tail, label)
    return types.void(*kinds), lambda *made: _emit_lead(*made, tolls=False)


def _lead_with_tolls(
    typing: Any,
    into: Any,
    place: Any,
    seeds: Any,
    seed: Any,
    rows: Any,
    first: Any,
    last: Any,
    tail: Any,
    label: Any,
    into_toll: Any,
    seed_toll: Any,
    row_toll: Any,
    toll: Any,
) -> Any:
    whole = types.int64
    kinds = (into, whole, seeds, whole, rows, whole, whole, tail, label)
    return types.void(*kinds, into_toll, seed_toll, row_toll, toll), lambda *made: _emit_lead(
        *made, tolls=True
    )


lead = cast(Callable[..., None], intrinsic(_lead))
"""``lead(into, place, seeds, seed, rows, first, last, tail, label)``: row `place` of `into` becomes the
least, lane by lane, of row `seed` of `seeds` (infinity where `seed` is negative) and, for each arc from
`first` up to `last`, row ``tail[arc]`` of `rows` plus ``label[arc]``. Rows are float64 of LANES columns,
tails int32; nothing is checked."""
lead_with_tolls = cast(Callable[..., None], intrinsic(_lead_with_tolls))
"""The same, with rows of tolls (float32) beside `into`, `seeds` and `rows` and a toll for each arc; of equal
labels the one with the least toll is taken."""
