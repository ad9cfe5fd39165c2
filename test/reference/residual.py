"""The residual encoder's feature by numpy, from the formula in src/models/residual.ts.

TILES.npy ([N,16,64,64] uint8) -> OUT.npy ([N,390] float64)

usage: residual.py TILES.npy OUT.npy
"""

import sys

import numpy as np


def residuals(x: np.ndarray) -> list[tuple[np.ndarray, int]]:
    """(r, q) of each channel at the positions that have all neighbours."""
    x = x.astype(np.int64)
    c = x[1:-1, 1:-1]
    left, right, up, down = x[1:-1, :-2], x[1:-1, 2:], x[:-2, 1:-1], x[2:, 1:-1]
    corners = x[:-2, :-2] + x[:-2, 2:] + x[2:, :-2] + x[2:, 2:]
    return [
        (right - c, 1),
        (down - c, 1),
        (left - 2 * c + right, 2),
        (up - 2 * c + down, 2),
        (2 * (left + right + up + down) - 4 * c - corners, 4),
    ]


def quantise(r: np.ndarray, q: int) -> np.ndarray:
    away_from_zero = np.sign(r) * ((2 * np.abs(r) + q) // (2 * q))
    return np.clip(away_from_zero, -2, 2)


def class_table() -> dict[tuple[int, int, int], int]:
    """The class of each triple: mirror images and negatives together, in the order of the smallest code."""

    def code(t: tuple[int, ...]) -> int:
        return sum((d + 2) * 5**k for k, d in enumerate(t))

    values = range(-2, 3)
    smallest = {}
    for t in ((a, b, c) for a in values for b in values for c in values):
        negative = tuple(-d for d in t)
        smallest[t] = min(code(s) for s in (t, t[::-1], negative, negative[::-1]))
    order = sorted(set(smallest.values()))
    return {t: order.index(s) for t, s in smallest.items()}


TABLE = np.zeros((5, 5, 5), int)
for (a, b, c), index in class_table().items():
    TABLE[a + 2, b + 2, c + 2] = index

# (channel, direction of the triples) of each block: along the residual's own direction, across it, both.
BLOCKS = [[(0, "row"), (1, "column")], [(0, "column"), (1, "row")], [(2, "row"), (3, "column")],
          [(2, "column"), (3, "row")], [(4, "row"), (4, "column")]]


def histogram(tiles: np.ndarray) -> np.ndarray:
    counts = np.zeros((len(BLOCKS), TABLE.max() + 1))
    for tile in tiles:
        quantised = [quantise(r, q) + 2 for r, q in residuals(tile)]
        for block, parts in enumerate(BLOCKS):
            for channel, direction in parts:
                d = quantised[channel] if direction == "row" else quantised[channel].T
                classes = TABLE[d[:, :-2], d[:, 1:-1], d[:, 2:]]
                counts[block] += np.bincount(classes.ravel(), minlength=counts.shape[1])
    return (counts / counts.sum(axis=1, keepdims=True)).ravel()


def feature(tiles: np.ndarray) -> np.ndarray:
    middle = np.sqrt(histogram(tiles[:4]))
    rim = np.sqrt(histogram(tiles[4:]))
    return np.concatenate([middle - rim, (middle + rim) / 2])


def main() -> None:
    tiles = np.load(sys.argv[1])
    np.save(sys.argv[2], np.stack([feature(each) for each in tiles]))


if __name__ == "__main__":
    main()
