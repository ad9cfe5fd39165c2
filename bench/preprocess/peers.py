"""The Python libraries' side: answers lines of JSON on stdin. Started once per library, one thread each.

The work: a picture of height x width x 3 bytes in memory -> short side to `size`, centre crop, divided by 255, CLIP's
mean and deviation, size x size floats per channel, channel after channel.
"""

import json
import sys
import time
import traceback

import numpy

mean = numpy.array([0.48145466, 0.4578275, 0.40821073], numpy.float32)
deviation = numpy.array([0.26862954, 0.26130258, 0.27577711], numpy.float32)


def geometry(height, width, size):
    """Width and height after the resize, left and top of the crop: torchvision's."""
    shorter = min(height, width)
    wide, high = size * width // shorter, size * height // shorter
    return wide, high, round((wide - size) / 2), round((high - size) / 2)


def normalized(crop):
    """numpy's way, in place after the one conversion."""
    floats = crop.astype(numpy.float32)
    floats /= 255
    floats -= mean
    floats /= deviation
    return numpy.ascontiguousarray(floats.transpose(2, 0, 1))


def pillow(frame, size):
    from PIL import Image

    wide, high, left, top = geometry(*frame.shape[:2], size)

    def crop():
        resized = Image.fromarray(frame).resize((wide, high), Image.Resampling.BICUBIC)
        return numpy.asarray(resized.crop((left, top, left + size, top + size)))

    return crop, lambda: normalized(crop())


def opencv(frame, size):
    import cv2

    cv2.setNumThreads(1)
    wide, high, left, top = geometry(*frame.shape[:2], size)

    def crop():
        return cv2.resize(frame, (wide, high), interpolation=cv2.INTER_AREA)[top : top + size, left : left + size]

    return crop, lambda: normalized(crop())


def torchvision(planar):
    def prepare(frame, size):
        import torch
        from torchvision.transforms import InterpolationMode
        from torchvision.transforms.v2 import functional

        torch.set_num_threads(1)
        # Bytes as they lie, or channel after channel from the start: which one is quicker depends on the release.
        tensor = torch.from_numpy(frame).permute(2, 0, 1)
        if planar:
            tensor = tensor.contiguous()

        def resized():
            small = functional.resize(tensor, [size], interpolation=InterpolationMode.BICUBIC, antialias=True)
            return functional.center_crop(small, [size, size])

        def whole():
            floats = functional.to_dtype(resized(), torch.float32, scale=True)
            return functional.normalize(floats, mean.tolist(), deviation.tolist(), inplace=True).contiguous()

        return lambda: resized().permute(1, 2, 0).numpy(), whole

    return prepare


ways = {
    "Pillow": pillow,
    "OpenCV INTER_AREA": opencv,
    "torchvision": torchvision(planar=False),
    "torchvision planar": torchvision(planar=True),
}


def version_of(way):
    if way.startswith("torchvision"):
        import torch
        import torchvision as library

        return f"torchvision {library.__version__.split('+')[0]} ({torch.backends.cpu.get_cpu_capability()})"
    if way == "Pillow":
        import PIL

        return f"Pillow {PIL.__version__}"
    import cv2

    return f"OpenCV {cv2.__version__}"


prepared = {}


def prepare(request):
    """Reads the picture once; says how far the crop and the floats are from unreel's."""
    shape = (request["height"], request["width"], 3)
    frame = numpy.fromfile(request["picture"], numpy.uint8).reshape(shape)
    crop, whole = ways[request["way"]](frame, request["size"])
    prepared[request["way"], request["picture"]] = whole
    ours = numpy.fromfile(request["crop"], numpy.uint8).reshape(request["size"], request["size"], 3)
    apart = numpy.abs(numpy.asarray(crop()).astype(numpy.int16) - ours)
    floats = numpy.asarray(whole(), numpy.float32).ravel()
    far = numpy.abs(floats - numpy.fromfile(request["floats"], numpy.float32)).max()
    return {
        "version": version_of(request["way"]),
        "differing": int((apart > 0).sum()),
        "largest": int(apart.max()),
        "mean": float(apart.mean()),
        "largestFloat": float(far),
    }


def run(request):
    """Seconds of one picture, the mean of `times`."""
    whole = prepared[request["way"], request["picture"]]
    began = time.perf_counter()
    for _ in range(request["times"]):
        whole()
    return {"seconds": (time.perf_counter() - began) / request["times"]}


answers = {"prepare": prepare, "run": run}
for line in sys.stdin:
    question = json.loads(line)
    try:
        answer = answers[question["do"]](question)
    except Exception:
        answer = {"error": traceback.format_exc()}
    print(json.dumps(answer), flush=True)
