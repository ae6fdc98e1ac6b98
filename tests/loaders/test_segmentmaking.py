"""Cutting ways: every stretch comes out once, and nothing crosses a closed point or a gap."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from geodata.routing.graph import EDGE_KINDS
from geodata.routing.waytags import BarrierRule, WayRule
from loaders.segmentmaking import Barriers, WayTable, make_segments

ROAD = WayRule("", along=True, against=True, kind=EDGE_KINDS.index("primary"), speed_kmh=60.0)
BARRIERS = (BarrierRule("barrier"), BarrierRule(toll=True), BarrierRule(gate=True))
POINTS = 12


@given(
    ways=st.lists(st.lists(st.integers(1, POINTS), min_size=1, max_size=8), min_size=1, max_size=5),
    missing=st.sets(st.integers(1, POINTS), max_size=3),
    barriers=st.dictionaries(st.integers(1, POINTS), st.sampled_from(BARRIERS), max_size=4),
)
def test_cutting_keeps_every_stretch_once(
    ways: list[list[int]], missing: set[int], barriers: dict[int, BarrierRule]
) -> None:
    numbers = np.array([number for number in range(1, POINTS + 1) if number not in missing], np.int64)
    lon, lat = 10 + numbers / 1000, np.full(len(numbers), 60.0)
    table = WayTable(
        refs=np.array([ref for way in ways for ref in way], np.int64),
        first=np.cumsum([0, *map(len, ways)]).astype(np.int64),
        ids=np.arange(len(ways), dtype=np.int64),
        rule=np.zeros(len(ways), np.int64),
        rules=(ROAD,),
    )
    segments, _ = make_segments(table, numbers, lon, lat, barriers=Barriers(barriers))
    expected = sorted(
        (left, right)
        for way in ways
        for left, right in itertools.pairwise(way)
        if left != right and not {left, right} & missing
    )
    of_x = dict(zip(_project(numbers), numbers.tolist(), strict=True))
    lines = [
        segments.way_point[start:end].tolist()
        for start, end in zip(segments.way_first[:-1], segments.way_first[1:], strict=True)
    ]
    place = [of_x[round(x, 1)] for x in segments.point_x]
    drawn = [(place[a], place[b]) for line in lines for a, b in itertools.pairwise(line)]
    assert sorted(drawn) == expected
    users = [point for line in lines for point in line]
    for point, number in enumerate(segments.point_id.tolist()):
        is_closed = place[point] in barriers and bool(barriers[place[point]].closed)
        assert (number == 0) == is_closed
        assert number in (0, place[point])
        # A closed point belongs to the end of one way only.
        assert not is_closed or users.count(point) == 1
    assert len(set(segments.point_id[segments.point_id > 0])) == int((segments.point_id > 0).sum())
    tolled = {number for number, barrier in barriers.items() if barrier.toll and number in place}
    assert bool(segments.way_toll.any()) <= bool(tolled)
    assert (segments.way_speed_kmh > 0).all()


def _project(numbers: npt.NDArray[np.int64]) -> list[float]:
    to_metric = Transformer.from_crs(4326, 25833, always_xy=True)
    x, _ = to_metric.transform(10 + numbers / 1000, np.full(len(numbers), 60.0))
    return [round(value, 1) for value in x]
