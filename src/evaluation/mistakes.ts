import type { Report } from "./evaluate.js";
import type { Scored } from "./metrics.js";
import type { VideoPrediction } from "./videos.js";

/** A video on the wrong side, and how far. */
export interface Mistake {
  readonly video: VideoPrediction & Scored;
  /** Distance from the threshold; without a threshold the share of the other class that it should not have passed. */
  readonly by: number;
}

/** The videos that were decided most wrongly; without a threshold, those ranked most wrongly. Worst first. */
export function worstMistakes(report: Pick<Report, "videos" | "threshold">, most: number): Mistake[] {
  const videos = report.videos.filter((video): video is VideoPrediction & Scored => video.score !== undefined);
  const mistakes = report.threshold === null ? misranked(videos) : misjudged(videos, report.threshold.value);
  return mistakes.sort((a, b) => b.by - a.by).slice(0, most);
}

function misjudged(videos: readonly (VideoPrediction & Scored)[], threshold: number): Mistake[] {
  return videos
    .filter((video) => video.score >= threshold !== (video.label === 1))
    .map((video) => ({ video, by: Math.abs(video.score - threshold) }));
}

/** How many of the ascending `sorted` are below `value`, counting equal ones half. */
function countBelow(sorted: readonly number[], value: number): number {
  const firstWhere = (test: (score: number) => boolean) => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (test(sorted[middle] ?? value)) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  return (firstWhere((score) => score >= value) + firstWhere((score) => score > value)) / 2;
}

function misranked(videos: readonly (VideoPrediction & Scored)[]): Mistake[] {
  const sortedScores = (label: number) =>
    videos
      .filter((video) => video.label === label)
      .map((video) => video.score)
      .sort((a, b) => a - b);
  const [real, fake] = [sortedScores(0), sortedScores(1)];
  return videos
    .map((video) => {
      const wrong = video.label === 1 ? real.length - countBelow(real, video.score) : countBelow(fake, video.score);
      return { video, by: wrong / (video.label === 1 ? real.length : fake.length) };
    })
    .filter(({ by }) => by > 0);
}
