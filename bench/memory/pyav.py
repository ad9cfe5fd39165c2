"""PyAV's side: seeks to each wanted frame, decodes up to it and converts it, one held at a time."""

import json
import re
import sys
import time

import av

request = json.loads(sys.argv[1])


def megabytes(field):
    with open("/proc/self/status") as status:
        return int(re.search(rf"^{field}:\s*(\d+)", status.read(), re.M)[1]) / 1024


def key_frames(container, stream):
    stream.codec_context.skip_frame = "NONKEY"
    yield from container.decode(stream)


def frames_at(container, stream, wanted):
    """Frames by index of a clip of constant rate; the decoder goes on where no key frame lies between."""
    ticks = 1 / (stream.average_rate * stream.time_base)
    gap = request["keyEvery"]
    decoded = None
    at = -1
    for index in wanted:
        if decoded is None or index < at or index // gap != at // gap:
            container.seek(int(index * ticks), stream=stream)
            decoded = container.decode(stream)
        for frame in decoded:
            at = round(frame.pts / ticks)
            if at >= index:
                yield frame
                break


def sample():
    with av.open(request["path"]) as container:
        stream = container.streams.video[0]
        stream.thread_type = "FRAME"
        stream.codec_context.thread_count = request["threads"]
        wanted = request["wanted"]
        chosen = key_frames(container, stream) if wanted is None else frames_at(container, stream, wanted)
        return sum(frame.to_ndarray(format="rgb24").size > 0 for frame in chosen)


start = megabytes("VmRSS")
began = time.perf_counter()
frames = 0
after = []
for _ in range(request["videos"]):
    frames += sample()
    after.append(megabytes("VmRSS"))
seconds = time.perf_counter() - began
peak = megabytes("VmHWM")
print(json.dumps({"frames": frames, "seconds": seconds, "rssStartMb": start, "rssPeakMb": peak, "rssMbAfter": after}))
