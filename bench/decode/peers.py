"""The Python libraries' side: answers lines of JSON on stdin.

Started once per library, so that one library's FFmpeg never meets another's. Each clock runs from before a file is opened
to its last frame. Every way gives the wanted frames (indices in presentation order, rising) as RGB uint8, and their
presentation times in microseconds, None where the library has none.
"""

import json
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

import numpy


def pyav_frames(path, threads):
    import av

    with av.open(path) as container:
        stream = container.streams.video[0]
        stream.thread_type = "FRAME"
        stream.codec_context.thread_count = threads
        yield from container.decode(stream)


def pyav(path, wanted, threads):
    """Decodes up to the last wanted frame and converts the wanted ones alone."""
    pixels, times = [], []
    indices = set(wanted)
    for index, frame in enumerate(pyav_frames(path, threads)):
        if index in indices:
            pixels.append(frame.to_ndarray(format="rgb24"))
            times.append(float(frame.pts * frame.time_base * 1_000_000))
        if index == wanted[-1]:
            break
    return pixels, times


def torchcodec(seek_mode):
    def sample(path, wanted, threads):
        from torchcodec.decoders import VideoDecoder

        # NHWC as the others have it; torchcodec decodes into it and permutes for its default.
        decoder = VideoDecoder(path, dimension_order="NHWC", num_ffmpeg_threads=threads, seek_mode=seek_mode)
        batch = decoder.get_frames_at(indices=wanted)
        return batch.data.numpy(), (batch.pts_seconds * 1_000_000).tolist()

    return sample


def opencv_capture(path, threads):
    import cv2

    capture = cv2.VideoCapture(path, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, threads])
    if not capture.isOpened():
        raise RuntimeError(f"OpenCV cannot open {path}")
    return capture


def opencv_rgb(ok, picture):
    import cv2

    if not ok:
        raise RuntimeError("OpenCV gave no frame")
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def opencv_time(capture):
    import cv2

    return capture.get(cv2.CAP_PROP_POS_MSEC) * 1000


def opencv_grab(path, wanted, threads):
    """grab() for every frame, retrieve(), which converts, for the wanted ones."""
    capture = opencv_capture(path, threads)
    pixels, times = [], []
    indices = set(wanted)
    for index in range(wanted[-1] + 1):
        if not capture.grab():
            raise RuntimeError(f"OpenCV ends before frame {index}")
        if index in indices:
            pixels.append(opencv_rgb(*capture.retrieve()))
            times.append(opencv_time(capture))
    return pixels, times


def opencv_read(path, wanted, threads):
    """read() for every frame, as most programs are written."""
    capture = opencv_capture(path, threads)
    pixels, times = [], []
    indices = set(wanted)
    for index in range(wanted[-1] + 1):
        ok, picture = capture.read()
        if index in indices:
            pixels.append(opencv_rgb(ok, picture))
            times.append(opencv_time(capture))
    return pixels, times


def opencv_seek(path, wanted, threads):
    """CAP_PROP_POS_FRAMES before each wanted frame."""
    import cv2

    capture = opencv_capture(path, threads)
    pixels, times = [], []
    for index in wanted:
        capture.set(cv2.CAP_PROP_POS_FRAMES, index)
        pixels.append(opencv_rgb(*capture.read()))
        times.append(opencv_time(capture))
    return pixels, times


ways = {
    "PyAV": pyav,
    "torchcodec exact": torchcodec("exact"),
    "torchcodec approximate": torchcodec("approximate"),
    "OpenCV grab": opencv_grab,
    "OpenCV read": opencv_read,
    "OpenCV seek": opencv_seek,
}


def timed(work):
    began = time.perf_counter()
    kept = work()
    seconds = time.perf_counter() - began
    del kept  # freed after the clock has stopped
    return {"seconds": seconds}


def sample(request):
    way = ways[request["way"]]
    return timed(lambda: way(request["path"], request["wanted"], request["threads"]))


def compare(request):
    """Times of the wanted frames, and how far their pixels are from those in a raw file: the worst frame's figures."""
    pixels, times = ways[request["way"]](request["path"], request["wanted"], request["threads"])
    shape = (len(request["wanted"]), request["height"], request["width"], 3)
    others = numpy.memmap(request["raw"], numpy.uint8, "r", shape=shape)
    if len(pixels) != shape[0] or pixels[0].shape != shape[1:]:
        raise RuntimeError(f"{len(pixels)} frames of {pixels[0].shape}, not {shape}")
    largest, mean = 0, 0.0
    for one, other in zip(pixels, others):
        apart = numpy.abs(numpy.asarray(one).astype(numpy.int16) - other)
        largest = max(largest, int(apart.max()))
        mean = max(mean, float(apart.mean()))
    return {"ptsUs": times, "largest": largest, "mean": mean}


def full(request):
    """PyAV decodes every frame and converts none."""
    frames = 0

    def decode():
        nonlocal frames
        for _ in pyav_frames(request["path"], request["threads"]):
            frames += 1

    return {**timed(decode), "frames": frames}


def many(request):
    """All of the paths, in as many Python threads as there are workers; a video's frames are dropped when it is done."""
    way = ways[request["way"]]

    def one(path):
        way(path, request["wanted"], request["threads"])

    with ThreadPoolExecutor(request["workers"]) as pool:
        return timed(lambda: list(pool.map(one, request["paths"])))


def versions(request):
    """What is imported here, and which FFmpeg it brings or finds (libavcodec's version)."""
    library = request["library"]
    if library == "PyAV":
        import av

        return {"version": av.__version__, "libavcodec": ".".join(map(str, av.library_versions["libavcodec"]))}
    if library == "torchcodec":
        import torch
        import torchcodec
        from torchcodec._core import get_ffmpeg_library_versions

        found = get_ffmpeg_library_versions()
        return {"version": f"{torchcodec.__version__} (torch {torch.__version__})", "libavcodec": ".".join(map(str, found["libavcodec"]))}
    import re

    import cv2

    libavcodec = re.search(r"avcodec:\s*YES \(([^)]*)\)", cv2.getBuildInformation())
    return {"version": cv2.__version__, "libavcodec": libavcodec[1] if libavcodec else "unknown"}


answers = {"sample": sample, "compare": compare, "full": full, "many": many, "versions": versions}
for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = answers[request["do"]](request)
    except Exception:
        answer = {"error": traceback.format_exc()}
    print(json.dumps(answer), flush=True)
