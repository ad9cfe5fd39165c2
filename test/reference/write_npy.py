"""Writes arrays with numpy, for the header reader: one file per element type and order.

Usage: write_npy.py FOLDER
"""

import pathlib
import sys

import numpy as np

folder = pathlib.Path(sys.argv[1])
for name in ("<f2", "<f4", "|u1"):
    np.save(folder / f"{name[1:]}.npy", np.arange(24).reshape(2, 3, 4).astype(name))
np.save(folder / "fortran.npy", np.asfortranarray(np.zeros((2, 3), "<f4")))
np.save(folder / "f8.npy", np.zeros((2, 3)))
np.lib.format.write_array((folder / "version2.npy").open("wb"), np.zeros((5,), "<f4"), version=(2, 0))
