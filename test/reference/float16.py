"""Rounds float32 numbers to float16 with numpy, and expands all 65536 halves.

Usage: float16.py IN.f32 HALVES.f2 FLOATS.f4   (raw little-endian files)
"""

import sys

import numpy as np

numbers_path, halves_path, floats_path = sys.argv[1:]
with np.errstate(over="ignore", invalid="ignore"):
    np.fromfile(numbers_path, "<f4").astype("<f2").tofile(halves_path)
np.arange(65536, dtype="<u2").view("<f2").astype("<f4").tofile(floats_path)
