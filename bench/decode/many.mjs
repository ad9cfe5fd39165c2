// Many videos, one thread each: as many at a time as there are workers.
import { performance } from "node:perf_hooks";
import { inTurn } from "../lib/rounds.mjs";
import { requestOf, uniform, wantedOf } from "./contenders.mjs";

/** Each video goes to the process that is free first. */
async function inProcesses(processes, clips, way) {
  const waiting = clips.values();
  const began = performance.now();
  const work = async (process) => {
    for (const clip of waiting) await process.ask({ do: "sample", ...requestOf(clip, way, 1) });
  };
  await Promise.all(processes.map(work));
  return (performance.now() - began) / 1000;
}

/** `clips` are of one length; `way` is torchcodec's better one. */
export async function measureMany(what, clips, way, workers) {
  const paths = clips.map((clip) => clip.path);
  const seconds = async (worker, request) => (await worker.ask({ do: "many", paths, ...request })).seconds;
  const ours = (count) => () => seconds(workers.unreel, { options: uniform(1), workers: count });
  const theirs = { way, wanted: wantedOf(clips[0]), threads: 1, workers: 2 };
  const processes = [workers.torchcodec, workers.torchcodecSecond];
  // The second process has imported nothing yet.
  await processes[1].ask({ do: "sample", ...requestOf(clips[0], way, 1) });
  return inTurn(what, [
    { name: "unreel, 2 workers", run: ours(2) },
    { name: "unreel, 1 worker", run: ours(1) },
    { name: "torchcodec, 2 threads", run: () => seconds(workers.torchcodec, theirs) },
    { name: "torchcodec, 2 processes", run: () => inProcesses(processes, clips, way) },
  ]);
}
