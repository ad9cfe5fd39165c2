"""CLIP's resize and crop by Pillow.

IN.npy ([H,W,3] or [N,H,W,3] uint8) -> OUT.npy ([224,224,3] or [N,224,224,3] uint8)

The geometry of torchvision's Resize(224, BICUBIC) and CenterCrop(224) on PIL images, without torchvision. Up to
Pillow 12 a resize runs the horizontal pass first; Pillow 13 changed the order for tall pictures, so it is refused.

usage: clip_crop.py IN.npy OUT.npy [SIZE]
"""

import sys

import numpy as np
import PIL
from PIL import Image


def clip_crop(rgb: np.ndarray, size: int) -> np.ndarray:
    height, width = rgb.shape[:2]
    if width <= height:
        resized = (size, int(size * height / width))
    else:
        resized = (int(size * width / height), size)
    image = Image.fromarray(rgb)
    if resized != (width, height):
        image = image.resize(resized, Image.Resampling.BICUBIC)
    left = int(round((resized[0] - size) / 2.0))
    top = int(round((resized[1] - size) / 2.0))
    return np.asarray(image.crop((left, top, left + size, top + size)))


def main() -> None:
    if int(PIL.__version__.split(".")[0]) > 12:
        sys.exit(f"Pillow {PIL.__version__} is no reference for this: install the version of test/requirements.txt")
    source, target = sys.argv[1:3]
    size = int(sys.argv[3]) if len(sys.argv) > 3 else 224
    rgb = np.load(source)
    if rgb.ndim == 4:
        result = np.stack([clip_crop(one, size) for one in rgb])
    else:
        result = clip_crop(rgb, size)
    np.save(target, result)


if __name__ == "__main__":
    main()
