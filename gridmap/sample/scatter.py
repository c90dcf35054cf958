"""Random points inside polygons, all at once."""

import numpy as np
import numpy.typing as npt
import shapely

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Shapes = npt.NDArray[np.object_]


class Scatter:
    """Draws points evenly from polygons that were cut into triangles once."""

    def __init__(self, shapes: Shapes, *, inset_m: float = 2.0) -> None:
        """Prepare polygons.

        Args:
            shapes: shape (n,), polygons on the plane.
            inset_m: how far points stay away from borders; polygons too thin for it
                are used without.
        """
        inner = shapely.buffer(shapes, -inset_m, join_style="mitre")
        thin = shapely.is_empty(inner)
        inner[thin] = shapes[thin]
        parts, owner = shapely.get_parts(shapely.constrained_delaunay_triangles(inner),
                                         return_index=True)  # fmt: skip
        corners = shapely.get_coordinates(parts).reshape(-1, 4, 2)
        self._origin = corners[:, 0]
        self._sides = corners[:, 1:3] - corners[:, :1]
        first, second = self._sides[:, 0], self._sides[:, 1]
        area = np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0])
        self._reach = np.concatenate([[0.0], np.cumsum(area)])
        self._start = np.searchsorted(owner, np.arange(len(shapes) + 1))

    def draw(self, rng: np.random.Generator, which: Ints) -> tuple[Floats, Floats]:
        """Return one point inside each of the named polygons.

        Args:
            rng: where chance comes from.
            which: shape (m,), positions of polygons, repeated at will.

        Returns:
            x and y in metres on the plane, each of shape (m,).
        """
        low, high = self._reach[self._start[which]], self._reach[self._start[which + 1]]
        aim = low + (high - low) * rng.random(which.size)
        at = np.searchsorted(self._reach, aim, side="right") - 1
        at = np.clip(at, self._start[which], self._start[which + 1] - 1)
        a, b = rng.random((2, which.size))
        over = a + b > 1
        a, b = np.where(over, 1 - a, a), np.where(over, 1 - b, b)
        xy = self._origin[at] + a[:, None] * self._sides[at, 0] + b[:, None] * self._sides[at, 1]
        return xy[:, 0], xy[:, 1]
