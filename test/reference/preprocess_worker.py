"""Random pictures and what Pillow makes of them: answers lines of JSON on stdin.

{"seed", "width", "height", "content", "size", "variant", "picture", "crop"}: writes the picture's bytes and the crop's to
the two files. First a line with Pillow's version.
"""

import json
import sys
import traceback

import numpy as np
import PIL
from preprocess import preprocess, require_pillow


def picture_of(request: dict) -> np.ndarray:
    random = np.random.default_rng(request["seed"])
    height, width = request["height"], request["width"]
    if request["content"] == "noise":
        return random.integers(0, 256, (height, width, 3), np.uint8)
    if request["content"] == "extremes":  # black and white: the kernel overshoots both ends
        return random.integers(0, 2, (height, width, 3), np.uint8) * np.uint8(255)
    if request["content"] == "flat":
        return np.broadcast_to(random.integers(0, 256, 3, np.uint8), (height, width, 3)).copy()
    # waves: smooth, as most of a photograph is
    y = np.arange(height, dtype=np.float32)[:, None, None] * random.uniform(0.001, 0.5)
    x = np.arange(width, dtype=np.float32)[None, :, None] * random.uniform(0.001, 0.5)
    return (127.5 + 127.5 * np.sin(x + y + np.arange(3, dtype=np.float32))).astype(np.uint8)


def answer(request: dict) -> dict:
    picture = picture_of(request)
    picture.tofile(request["picture"])
    preprocess(picture, request["size"], request["variant"]).tofile(request["crop"])
    return {}


require_pillow()
print(json.dumps({"version": PIL.__version__}), flush=True)
for line in sys.stdin:
    try:
        result = answer(json.loads(line))
    except Exception:
        result = {"error": traceback.format_exc()}
    print(json.dumps(result), flush=True)
