// What a stream shows: motion, cuts, noise and stillness out of FFmpeg's own sources.

function source(dice, { width, height, rate }) {
  const size = `s=${width}x${height}:r=${rate}`;
  const seed = dice.from(1, 1e6);
  return dice.pick([
    `testsrc2=${size}`,
    `testsrc2=${size},scroll=h=0.0${dice.from(1, 9)}:v=0.00${dice.from(1, 9)}`,
    `testsrc2=s=${width}x${height}:r=${dice.from(1, 3)},fps=${rate}`,
    `mandelbrot=${size}:maxiter=60:end_scale=${dice.pick([0.3, 0.01])}`,
    `life=${size}:mold=10:life_color=#${dice.pick(["00ff00", "ffffff"])}:death_color=#603020:ratio=0.3:seed=${seed}`,
    `cellauto=${size}:rule=${dice.pick([18, 30, 110])}:seed=${seed}`,
    `gradients=${size}:c0=red:c1=blue:c2=yellow:n=3:seed=${seed}:speed=0.${dice.from(1, 9)}`,
    `smptebars=${size},noise=alls=${dice.from(5, 60)}:allf=t:all_seed=${seed}`,
    `testsrc2=${size},noise=alls=${dice.from(5, 40)}:allf=t+u:all_seed=${seed}`,
    `testsrc2=${size},fade=in:0:${dice.from(5, 30)},hue=H=2*PI*t`,
    `color=gray:${size},geq=lum=128+100*sin((X+N*${dice.from(1, 5)})/9)*cos((Y-N)/7):cb=128+N:cr=100+X`,
    `color=c=0x${seed.toString(16).padStart(6, "0")}:${size}`,
  ]);
}

/**
 * A lavfi graph of `frames` frames for `ffmpeg -f lavfi -i`: one to four scenes, hard cuts between them.
 * `shape`: {width, height, rate, frames}.
 */
export function picture(dice, shape) {
  const scenes = Math.min(dice.from(1, 4), Math.floor(shape.frames / 5));
  const cuts = new Set();
  while (cuts.size < scenes - 1) cuts.add(dice.from(1, shape.frames - 1));
  const ends = [...cuts].sort((a, b) => a - b).concat(shape.frames);
  const parts = ends.map((end, at) => {
    const length = end - (ends[at - 1] ?? 0);
    return `${source(dice, shape)},format=yuv420p,scale=${shape.width}:${shape.height}:flags=neighbor,setsar=1,trim=end_frame=${length},setpts=PTS-STARTPTS`;
  });
  if (scenes === 1) return parts[0];
  const labels = parts.map((_, at) => `[v${at}]`);
  return `${parts.map((part, at) => `${part}${labels[at]}`).join(";")};${labels.join("")}concat=n=${scenes}:v=1:a=0`;
}
