"""An encoder's resize and crop by Pillow.

IN.npy ([H,W,3] or [N,H,W,3] uint8) -> OUT.npy ([size,size,3] or [N,size,size,3] uint8)

clip: the geometry of torchvision's Resize(size, BICUBIC) and CenterCrop(size) on PIL images, without torchvision.
hf: transformers' on PIL images: the same, the crop's offset rounded down. squash: both sides to size.
Up to Pillow 12 a resize runs the horizontal pass first; Pillow 13 changed the order for tall pictures, so it is refused.

usage: preprocess.py IN.npy OUT.npy [SIZE [VARIANT]]
"""

import sys

import numpy as np
import PIL
from PIL import Image


def require_pillow() -> None:
    if int(PIL.__version__.split(".")[0]) > 12:
        sys.exit(f"Pillow {PIL.__version__} is no reference for this: install the version of test/requirements.txt")


def offset(length: int, size: int, variant: str) -> int:
    return (length - size) // 2 if variant == "hf" else int(round((length - size) / 2.0))


def preprocess(rgb: np.ndarray, size: int, variant: str) -> np.ndarray:
    height, width = rgb.shape[:2]
    if variant == "squash":
        resized = (size, size)
    elif width <= height:
        resized = (size, int(size * height / width))
    else:
        resized = (int(size * width / height), size)
    image = Image.fromarray(rgb)
    if resized != (width, height):
        image = image.resize(resized, Image.Resampling.BICUBIC)
    left, top = (offset(length, size, variant) for length in resized)
    return np.asarray(image.crop((left, top, left + size, top + size)))


def main() -> None:
    require_pillow()
    source, target = sys.argv[1:3]
    size = int(sys.argv[3]) if len(sys.argv) > 3 else 224
    variant = sys.argv[4] if len(sys.argv) > 4 else "clip"
    rgb = np.load(source)
    if rgb.ndim == 4:
        result = np.stack([preprocess(one, size, variant) for one in rgb])
    else:
        result = preprocess(rgb, size, variant)
    np.save(target, result)


if __name__ == "__main__":
    main()
