"""Roads as a source tells them, after the rules of a vehicle: points, ways, speeds and directions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geodata.routing.graph import Bools, Int32s, Int64s
from geodata.transport import Floats


@dataclass(frozen=True, eq=False)
class RoadSegments:
    """Ways that one vehicle may drive. Two ways are joined where they share a point's number.

    A way that a barrier or a limit closes at one point comes as two ways with different points at that place.

    Attributes
    ----------
    point_x, point_y : EPSG:25833, metres.
    point_id : the source's number of each point (0: made here).
    way_first : ``ways + 1``; way k has ``way_point[way_first[k] : way_first[k + 1]]``, two or more points.
    way_point : positions in `point_x`.
    way_kind : position in :data:`geodata.routing.graph.EDGE_KINDS`. way_name : position in `names`.
    way_speed_kmh : truck's speed; NaN on ferries.
    way_minutes : ferries: sailing and waiting, for the whole way; NaN elsewhere.
    way_metres : length told by the source for the whole way, NaN: measured from the points.
    way_along, way_against : whether it may be driven in the order of its points, and against it.
    way_toll : whether a toll is taken. way_toll_nok : known price, 0 where unknown.
    way_snappable : whether a point may be tied to it.
    names : names and numbers of roads, the first is empty.
    """

    point_x: Floats
    point_y: Floats
    point_id: Int64s
    way_first: Int64s
    way_point: Int32s
    way_kind: npt.NDArray[np.uint8]
    way_name: Int32s
    way_speed_kmh: npt.NDArray[np.float32]
    way_minutes: npt.NDArray[np.float32]
    way_metres: Floats
    way_along: Bools
    way_against: Bools
    way_toll: Bools
    way_toll_nok: npt.NDArray[np.float32]
    way_snappable: Bools
    names: tuple[str, ...]
