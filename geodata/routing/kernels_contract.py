"""Machine code that contracts the nodes of a graph one by one, in a given order, with packed labels.

Taking a node out must not change a distance between those that stay: for each pair of its neighbours an arc
is put in its place unless another way at most as long is found. The search for that other way is bounded;
where it gives up the arc stays, which costs a little room and no exactness. Labels compare time, length and
ferries, so a way of equal time and greater length never stands in for the least one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geodata.routing.compiled import compiled
from geodata.routing.graph import Int32s, Int64s
from geodata.transport import Floats

Tolls = npt.NDArray[np.float32]
_SMALLEST = 4  # arcs that the smallest block of a neighbour list holds
_CLASSES = 28  # block sizes: _SMALLEST * 2**class


@compiled
def _push_heap(keys: Floats, nodes: Int32s, size: int, key: float, node: int) -> int:
    """Put a node into the binary heap of `size`, least key first; return the new size."""
    at = size
    while at > 0:
        above = (at - 1) >> 1
        if keys[above] <= key:
            break
        keys[at] = keys[above]
        nodes[at] = nodes[above]
        at = above
    keys[at] = key
    nodes[at] = node
    return size + 1


@compiled
def _pop_heap(keys: Floats, nodes: Int32s, size: int) -> int:
    """Take the least entry (position 0, read it before) from the heap of `size`; return the new size."""
    size -= 1
    key = keys[size]
    node = nodes[size]
    at = 0
    while True:
        below = 2 * at + 1
        if below >= size:
            break
        if below + 1 < size and keys[below + 1] < keys[below]:
            below += 1
        if keys[below] >= key:
            break
        keys[at] = keys[below]
        nodes[at] = nodes[below]
        at = below
    keys[at] = key
    nodes[at] = node
    return size


@compiled
def _size_class(count: int) -> int:
    """Return the class of the smallest block that holds `count` arcs."""
    kind = 0
    while (_SMALLEST << kind) < count:
        kind += 1
    return kind


@compiled
def _reset_blocks(counts: Int64s, start: Int64s, kind: Int32s) -> int:
    """Lay out one block a node for `counts` arcs in a row; return where the next block would start."""
    end = 0
    for node in range(len(counts)):
        kind[node] = _size_class(counts[node])
        start[node] = end
        end += _SMALLEST << kind[node]
    return end


@compiled
def _take_block(kind: int, free: Int64s, links: Int64s, state: Int64s) -> int:
    """Return the start of a block of class `kind`: a freed one, or new room at the end (``state[0]``)."""
    start = free[kind]
    if start >= 0:
        free[kind] = links[start // _SMALLEST]
        return int(start)
    start = state[0]
    state[0] += _SMALLEST << kind
    return int(start)


@compiled
def _free_block(start: int, kind: int, free: Int64s, links: Int64s) -> None:
    """Hand back the block at `start` of class `kind`."""
    links[start // _SMALLEST] = free[kind]
    free[kind] = start


@compiled
def _find_witnesses(
    source: int,
    without: int,
    limit: float,
    unresolved: int,
    most_settled: int,
    need: Floats,
    best: Floats,
    touched: Int32s,
    heap_keys: Floats,
    heap_nodes: Int32s,
    out_start: Int64s,
    out_count: Int32s,
    out_head: Int32s,
    out_label: Floats,
) -> int:
    """Search from `source` around the node `without` until every need is met or the bounds are reached.

    `need` holds, for each node that is asked about, the label that makes an arc needless (-1 elsewhere).
    `best` is infinite everywhere before; after, it holds labels at the first `touched` nodes, as many as are
    returned.
    """
    best[source] = 0.0
    touched[0] = source
    seen = 1
    size = _push_heap(heap_keys, heap_nodes, 0, 0.0, source)
    settled = 0
    room = len(touched) - 1
    while size > 0:
        key = heap_keys[0]
        node = heap_nodes[0]
        size = _pop_heap(heap_keys, heap_nodes, size)
        if key > best[node]:
            continue
        settled += 1
        if settled > most_settled:
            break
        for at in range(out_start[node], out_start[node] + out_count[node]):
            label = key + out_label[at]
            if label > limit:
                continue
            head = out_head[at]
            before = best[head]
            if label >= before or head == without:
                continue
            if before == np.inf:
                if seen == room:
                    return seen
                touched[seen] = head
                seen += 1
            best[head] = label
            if label <= need[head] < before:
                unresolved -= 1
                if unresolved == 0:
                    return seen
            if size == len(heap_keys):
                return seen
            size = _push_heap(heap_keys, heap_nodes, size, label, head)
    return seen


@compiled
def contract_nodes(
    node_at: Int32s,
    arc_first: Int64s,
    arc_head: Int32s,
    arc_label: Floats,
    arc_toll: Tolls,
    arc_number: Int32s,
    most_settled: int,
    room: int,
    progress: Int64s,
) -> tuple[Int64s, Int32s, Floats, Tolls, Int32s, Int64s, Int32s, Floats, Tolls, Int32s]:
    """Contract the nodes in the order of `node_at`; return upward and downward arcs.

    Parameters
    ----------
    node_at : node of each rank. arc_* : CSR by tail without loops; `arc_number` is what an arc is called.
    most_settled : nodes a search for another way may settle.
    room : shortcuts there is room for; where they are more, the work stops (``progress[1]`` becomes 1).
    progress : two entries; the first holds the number of contracted nodes meanwhile, and stops the work when
        it is made negative; zeros before.

    Returns
    -------
    first, node, label, toll, via of upward arcs, then of downward arcs, by rank of the lower end; the other
    end is a node, not a rank. `via` is the node a shortcut runs through, or ``-1 - arc_number``.
    """
    nodes = len(node_at)
    in_count = np.zeros(nodes, np.int32)
    out_count = np.zeros(nodes, np.int32)
    counts = np.zeros(nodes, np.int64)
    out_start = np.zeros(nodes, np.int64)
    out_kind = np.zeros(nodes, np.int32)
    in_start = np.zeros(nodes, np.int64)
    in_kind = np.zeros(nodes, np.int32)
    out_free = np.full(_CLASSES, -1, np.int64)
    in_free = np.full(_CLASSES, -1, np.int64)
    out_state = np.zeros(1, np.int64)
    in_state = np.zeros(1, np.int64)

    for node in range(nodes):
        counts[node] = arc_first[node + 1] - arc_first[node]
    out_state[0] = _reset_blocks(counts, out_start, out_kind)
    counts[:] = 0
    for arc in range(len(arc_head)):
        counts[arc_head[arc]] += 1
    in_state[0] = _reset_blocks(counts, in_start, in_kind)

    # memory that is not written to is not taken from the system, so it may be ample
    cells = max(out_state[0], in_state[0]) + 4 * room
    out_head = np.empty(cells, np.int32)
    out_label = np.empty(cells, np.float64)
    out_toll: Tolls = np.empty(cells, np.float32)
    out_via = np.empty(cells, np.int32)
    out_links = np.empty(cells // _SMALLEST + 1, np.int64)
    in_tail = np.empty(cells, np.int32)
    in_links = np.empty(cells // _SMALLEST + 1, np.int64)
    for tail in range(nodes):
        for arc in range(arc_first[tail], arc_first[tail + 1]):
            head = arc_head[arc]
            at = out_start[tail] + out_count[tail]
            out_head[at] = head
            out_label[at] = arc_label[arc]
            out_toll[at] = arc_toll[arc]
            out_via[at] = -1 - arc_number[arc]
            out_count[tail] += 1
            in_tail[in_start[head] + in_count[head]] = tail
            in_count[head] += 1

    up_first = np.zeros(nodes + 1, np.int64)
    down_first = np.zeros(nodes + 1, np.int64)
    most = len(arc_head) + room
    up_node = np.empty(most, np.int32)
    up_label = np.empty(most, np.float64)
    up_toll: Tolls = np.empty(most, np.float32)
    up_via = np.empty(most, np.int32)
    down_node = np.empty(most, np.int32)
    down_label = np.empty(most, np.float64)
    down_toll: Tolls = np.empty(most, np.float32)
    down_via = np.empty(most, np.int32)
    ups = 0
    downs = 0

    best = np.full(nodes, np.inf)
    need = np.full(nodes, -1.0)
    bound = 64 * most_settled + 4096
    touched = np.empty(bound, np.int32)
    heap_keys = np.empty(bound, np.float64)
    heap_nodes = np.empty(bound, np.int32)
    for rank in range(nodes):
        if progress[0] < 0 or progress[1] > 0:
            break
        progress[0] = rank
        node = node_at[rank]
        ins = in_count[node]
        outs = out_count[node]
        if max(ups + outs, downs + ins) > most:
            progress[1] = 1
            break

        # write down the arcs of the node, and cut it off from the rest
        mine = ups
        for at in range(out_start[node], out_start[node] + outs):
            head = out_head[at]
            up_node[ups] = head
            up_label[ups] = out_label[at]
            up_toll[ups] = out_toll[at]
            up_via[ups] = out_via[at]
            ups += 1
            for other in range(in_start[head], in_start[head] + in_count[head]):
                if in_tail[other] == node:
                    in_count[head] -= 1
                    in_tail[other] = in_tail[in_start[head] + in_count[head]]
                    break
        below = downs
        for k in range(ins):
            tail = in_tail[in_start[node] + k]
            for at in range(out_start[tail], out_start[tail] + out_count[tail]):
                if out_head[at] == node:
                    down_node[downs] = tail
                    down_label[downs] = out_label[at]
                    down_toll[downs] = out_toll[at]
                    down_via[downs] = out_via[at]
                    downs += 1
                    out_count[tail] -= 1
                    last = out_start[tail] + out_count[tail]
                    out_head[at] = out_head[last]
                    out_label[at] = out_label[last]
                    out_toll[at] = out_toll[last]
                    out_via[at] = out_via[last]
                    break
        up_first[rank + 1] = ups
        down_first[rank + 1] = downs
        _free_block(out_start[node], out_kind[node], out_free, out_links)

        # put shortcuts in its place
        for k in range(ins):
            tail = in_tail[in_start[node] + k]
            unresolved = 0
            limit = 0.0
            for up in range(mine, ups):
                head = up_node[up]
                if head != tail:
                    need[head] = down_label[below + k] + up_label[up]
                    unresolved += 1
                    limit = max(limit, need[head])
            if unresolved == 0:
                continue
            seen = _find_witnesses(
                tail,
                node,
                limit,
                unresolved,
                most_settled,
                need,
                best,
                touched,
                heap_keys,
                heap_nodes,
                out_start,
                out_count,
                out_head,
                out_label,
            )
            for up in range(mine, ups):
                head = up_node[up]
                if head == tail:
                    continue
                label = need[head]
                need[head] = -1.0
                if best[head] <= label:
                    continue
                toll = down_toll[below + k] + up_toll[up]
                found = False
                for at in range(out_start[tail], out_start[tail] + out_count[tail]):
                    if out_head[at] == head:
                        # the arc is longer than the shortcut, else the search had found it
                        out_label[at] = label
                        out_toll[at] = toll
                        out_via[at] = node
                        found = True
                        break
                if found:
                    continue
                widest = _SMALLEST << (max(out_kind[tail], in_kind[head]) + 1)
                if max(out_state[0], in_state[0]) + widest > cells:
                    progress[1] = 1
                    continue
                if out_count[tail] == _SMALLEST << out_kind[tail]:
                    old = out_start[tail]
                    new = _take_block(out_kind[tail] + 1, out_free, out_links, out_state)
                    for at in range(out_count[tail]):
                        out_head[new + at] = out_head[old + at]
                        out_label[new + at] = out_label[old + at]
                        out_toll[new + at] = out_toll[old + at]
                        out_via[new + at] = out_via[old + at]
                    _free_block(old, out_kind[tail], out_free, out_links)
                    out_start[tail] = new
                    out_kind[tail] += 1
                if in_count[head] == _SMALLEST << in_kind[head]:
                    old = in_start[head]
                    new = _take_block(in_kind[head] + 1, in_free, in_links, in_state)
                    for at in range(in_count[head]):
                        in_tail[new + at] = in_tail[old + at]
                    _free_block(old, in_kind[head], in_free, in_links)
                    in_start[head] = new
                    in_kind[head] += 1
                at = out_start[tail] + out_count[tail]
                out_head[at] = head
                out_label[at] = label
                out_toll[at] = toll
                out_via[at] = node
                out_count[tail] += 1
                in_tail[in_start[head] + in_count[head]] = tail
                in_count[head] += 1
            for at in range(seen):
                best[touched[at]] = np.inf
        _free_block(in_start[node], in_kind[node], in_free, in_links)

    return (
        up_first,
        up_node[:ups].copy(),
        up_label[:ups].copy(),
        up_toll[:ups].copy(),
        up_via[:ups].copy(),
        down_first,
        down_node[:downs].copy(),
        down_label[:downs].copy(),
        down_toll[:downs].copy(),
        down_via[:downs].copy(),
    )
