"""Cells that were measured early in a chain, seen from the finished picture."""

from __future__ import annotations

import numpy as np

from tenbit.kernels._facts import Array, Facts

# Picture cells between places at which the way back is worked out; between them it is nearly straight: through a lens
# that moves corners by 5 % it is 0.03 px off at 12 MP.
_APART = 16
# Places nearer to each other are the same.
_SAME_PX = 1e-3


def looked_up(values: Array, final: Facts, came: Facts, *, side: int, cell: int) -> Array:
    """Values of measured cells where the cells of the finished picture came from; 0 where they came from nowhere.

    Parameters
    ----------
    values : array
        (n, m), of cells of ``cell`` px of the frame that was measured; whole cells alone.
    final, came : Facts
        Of the finished picture, and of the frame that was measured.
    side : int
        Of a picture's cell, px; the last row and column may be cut off.

    Returns
    -------
    array
        (rows, cols) of cells of the picture.
    """
    found = places(final, came, side=side)
    height, width = values.shape
    if found[0].shape[1] == found[1].shape[0] == 1:
        by_row, by_col = _taken(found[0][:, 0], height, cell), _taken(found[1][0], width, cell)
        return _or_zero(values[np.ix_(by_row[0], by_col[0])], by_row[1][:, None] & by_col[1])
    if found[0].shape[0] == found[1].shape[1] == 1:
        # Turned by 90 degrees.
        by_row, by_col = _taken(found[1][:, 0], width, cell), _taken(found[0][0], height, cell)
        return _or_zero(values[np.ix_(by_col[0], by_row[0])].T, by_row[1][:, None] & by_col[1])
    (down, is_down), (across, is_across) = _taken(found[0], height, cell), _taken(found[1], width, cell)
    return _or_zero(np.take(values.ravel(), down * np.int32(width) + across), is_down & is_across)


def _taken(places: Array, count: int, cell: int) -> tuple[Array, Array]:
    """Indices of cells, and whether there is one; rows and columns that fill no cell go by the one beside them."""
    found = np.floor((places + np.float32(0.5)) * np.float32(1 / cell)).astype(np.int32)
    return np.clip(found, 0, count - 1), (found >= 0) & (found <= count)


def _or_zero(values: Array, is_there: Array) -> Array:
    return values if is_there.all() else np.where(is_there, values, np.zeros((), values.dtype))


def places(final: Facts, came: Facts, *, side: int) -> tuple[Array, Array]:
    """Where the middles of a picture's cells lay: rows and columns of an earlier frame, float32.

    Each is (rows, cols); with one column, or one row, where it is the same in all of them, as it is without a lens.
    """
    rows, cols = -(-final.rows // side), -(-final.cols // side)
    middle = 0.5 * side - 0.5
    down, across = _nodes(rows), _nodes(cols)
    grid = np.meshgrid(down * side + middle, across * side + middle, indexing="ij")
    found = final.came_from(*grid, since=len(came.moves))
    of_rows, of_cols = _between(down, rows), _between(across, cols)
    parts = []
    for part in found:
        nodes = np.asarray(part, np.float32)
        if np.ptp(part, axis=1).max() < _SAME_PX:
            parts.append(of_rows @ nodes[:, :1])
        elif np.ptp(part, axis=0).max() < _SAME_PX:
            parts.append(nodes[:1] @ of_cols.T)
        else:
            parts.append(of_rows @ nodes @ of_cols.T)
    return parts[0], parts[1]


def _nodes(count: int) -> Array:
    return np.linspace(0, count - 1, max(-(-(count - 1) // _APART) + 1, 2))


def _between(nodes: Array, count: int) -> Array:
    """(count, nodes): what each node adds to a value between two of them."""
    step = max(float(nodes[-1]), 1.0) / (len(nodes) - 1)
    return np.asarray(np.clip(1 - np.abs(np.arange(count)[:, None] / step - np.arange(len(nodes))), 0, 1), np.float32)
