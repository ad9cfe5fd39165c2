import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { evaluate, type Report } from "../../src/evaluation/evaluate.js";
import { escapeHtml, html } from "../../src/evaluation/html.js";
import { metricsOf, type Scored } from "../../src/evaluation/metrics.js";
import { worstMistakes } from "../../src/evaluation/mistakes.js";
import type { Label, Prediction } from "../../src/evaluation/prediction.js";
import { readPredictions } from "../../src/evaluation/predictions.js";
import { type MetricsFile, writeReport } from "../../src/evaluation/report-folder.js";
import { reportPage } from "../../src/evaluation/report-page.js";
import { scaleOf } from "../../src/evaluation/scale.js";
import { histogram } from "../../src/evaluation/score-histogram.js";
import { Random } from "../../src/random.js";

const threshold = { name: "eer", value: 0.05, chosenOn: "val" } as const;

/** 40 videos of 6 frames with abstentions of frames and of videos; every name is made by `name`. */
function predictions(name: (plain: string) => string): Prediction[] {
  const random = new Random(4);
  return Array.from({ length: 40 }, (_, i) => {
    const label: Label = i % 3 === 0 ? 0 : 1;
    const video = {
      video: name(`v${100 + i}`),
      label,
      group: name(`g${i % 7}`),
      dataset: name("d"),
      split: name("test"),
    };
    const made = { ...video, ...(label === 1 ? { method: name(`m${i % 2}`) } : {}) };
    if (i % 13 === 5) return [{ ...made, reason: name("no_face") }];
    return Array.from({ length: 6 }, (_, frame): Prediction => {
      const score = random.next() / 2 ** 32 - 0.4 + 0.2 * label;
      return {
        ...made,
        frame,
        ptsUs: frame * 33_333,
        ...(random.below(9) === 0 ? { reason: name("blurry") } : { score }),
      };
    });
  }).flat();
}

function reportOf(name: (plain: string) => string): Promise<Report> {
  return evaluate(predictions(name), {
    title: name("title"),
    threshold,
    bootstrap: { samples: 100 },
    notes: [name("note")],
    synthetic: name("generator"),
    provenance: {
      protocol: name("protocol"),
      trainingSet: name("training"),
      testSet: name("testing"),
      splitBy: name("source clip"),
      shared: name("nothing"),
      fingerprints: { [name("encoder")]: name("sha256") },
      versions: { [name("unreel")]: name("0.1.0") },
      seeds: { [name("svm")]: 1 },
      command: name("unreel evaluate"),
      other: { [name("more")]: name("things") },
    },
  });
}

const plain = (text: string) => text;

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "unreel-report-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function metricsIn(report: string): Promise<MetricsFile> {
  return JSON.parse(await readFile(join(report, "metrics.json"), "utf8"));
}

describe("the report folder", () => {
  it("holds four files, from whose CSVs every figure of metrics.json can be recomputed exactly", async () => {
    const out = join(folder, "new", "report");
    await writeReport(out, await reportOf(plain));
    expect((await readdir(out)).sort()).toEqual(["frames.csv", "metrics.json", "report.html", "videos.csv"]);
    const metrics = await metricsIn(out);
    const scored = (rows: readonly Prediction[]) =>
      rows.filter((row): row is Prediction & Scored => row.score !== undefined);
    const frames = (await readPredictions(join(out, "frames.csv"))).predictions;
    const videos = (await readPredictions(join(out, "videos.csv"))).predictions;
    expect(metricsOf(scored(frames), threshold.value)).toEqual(metrics.frame);
    expect(metricsOf(scored(videos), threshold.value)).toEqual(metrics.video);
    const again = await evaluate(videos, { threshold, bootstrap: { samples: 100 } });
    for (const key of ["video", "videoFailuresAsErrors", "interval", "byMethod", "groups", "split"] as const) {
      expect(again[key]).toEqual(metrics[key]);
    }
    expect(again.coverage.video).toEqual(metrics.coverage.video);
    const byFrames = await evaluate(frames, { threshold, bootstrap: { samples: 100 } });
    expect(byFrames.video).toEqual(metrics.video);
    expect(byFrames.coverage.frame).toEqual(metrics.coverage.frame);
  });

  it("knows the SHA-256 of the files beside metrics.json, and is the same bytes for the same input", async () => {
    await writeReport(join(folder, "a"), await reportOf(plain));
    await writeReport(join(folder, "b"), await reportOf(plain));
    for (const [name, hash] of Object.entries((await metricsIn(join(folder, "a"))).files)) {
      const bytes = await readFile(join(folder, "a", name));
      expect(createHash("sha256").update(bytes).digest("hex")).toBe(hash);
      expect(await readFile(join(folder, "b", name))).toEqual(bytes);
    }
  });

  it("replaces an earlier report and leaves what else lies there", async () => {
    await writeReport(folder, await reportOf(plain));
    await writeFile(join(folder, "mine.txt"), "mine");
    await writeReport(folder, await reportOf((text) => `${text}2`));
    expect((await metricsIn(folder)).title).toBe("title2");
    expect(await readFile(join(folder, "mine.txt"), "utf8")).toBe("mine");
    expect(await readdir(folder)).toHaveLength(5);
  });

  it.each([
    ["a file of somebody else", "thesis.tex", "\\begin"],
    ["a metrics.json of another program", "metrics.json", '{"loss": 1}'],
    ["a metrics.json that is no JSON", "metrics.json", "{"],
  ])("refuses a folder with %s and leaves it as it was", async (_what, name, content) => {
    await writeFile(join(folder, name), content);
    await expect(writeReport(folder, await reportOf(plain))).rejects.toMatchObject({
      code: "ERR_UNREEL_OUTPUT_EXISTS",
    });
    expect(await readdir(folder)).toEqual([name]);
    expect(await readFile(join(folder, name), "utf8")).toBe(content);
  });

  it("leaves the earlier report whole where it cannot be replaced", async () => {
    await writeReport(folder, await reportOf(plain));
    await rm(join(folder, "videos.csv"));
    await mkdir(join(folder, "videos.csv"));
    await expect(writeReport(folder, await reportOf(plain))).rejects.toMatchObject({
      code: "ERR_UNREEL_OUTPUT_EXISTS",
    });
    expect((await readdir(folder)).sort()).toEqual(["frames.csv", "metrics.json", "report.html", "videos.csv"]);
  });
});

describe("report.html", () => {
  const tags = (page: string) => page.match(/<[^>]*>/g) ?? [];

  it("shows the figures of the report, with the majority baseline beside accuracy", async () => {
    const report = await reportOf(plain);
    const page = reportPage(report);
    const three = (value: number | null | undefined) => (value ?? Number.NaN).toFixed(3);
    for (const metrics of [report.video, report.frame, report.videoFailuresAsErrors]) {
      const { accuracy, auc, eer, ap, f1, majorityBaseline } = metrics ?? metricsOf([]);
      for (const value of [auc, eer, ap, f1]) expect(page).toContain(`<td>${three(value)}<small`);
      const baseline = three(majorityBaseline.accuracy);
      expect(page).toContain(`<td>${three(accuracy)}<small class="beside">majority baseline ${baseline}</small>`);
    }
    expect(page).toContain("<strong>Synthetic data.</strong> generator");
    expect(page).toContain("What this shows and what not");
  });

  it("says nothing of accuracy without a threshold, and why", async () => {
    const page = reportPage(await evaluate(predictions(plain), { bootstrap: { samples: 10 } }));
    expect(page).not.toMatch(/<th scope="row">(Accuracy|Precision|Recall|F1)/);
    expect(page).toContain("No decision threshold was given");
    expect(page).not.toContain("Synthetic data");
  });

  it("is one file: no script, nothing fetched, and a policy that forbids both", async () => {
    const page = reportPage(await reportOf(plain));
    expect(page).not.toMatch(/<(script|link|img|iframe|object|embed|base)\b|\b(src|href)\s*=|url\(|@import|https?:/i);
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  });

  it("names and describes each plot for those who do not see it", async () => {
    const page = reportPage(await reportOf(plain));
    const svgs = page.match(/<svg[^>]*>/g) ?? [];
    expect(svgs).toHaveLength(3);
    for (const svg of svgs) {
      const [title, desc] = (/aria-labelledby="([^"]+)"/.exec(svg)?.[1] ?? "").split(" ");
      expect(svg).toContain('role="img"');
      expect(page).toMatch(new RegExp(`<title id="${title}">[^<]+</title>\\s*<desc id="${desc}">[^<]{40,}</desc>`));
    }
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each([
    ["a script", "<script>alert(1)</script>"],
    ["an image with a handler", '<img src=x onerror="alert(1)">'],
    ["an end of everything", "</title></style></svg></bdi></td></table><h1>"],
    ["quotes", `"' onmouseover='alert(1)`],
    ["entities", "&lt;b&gt;&#60;"],
    ["a comment and CDATA", "<!-- ]]><![CDATA["],
    ["a template", "{{1}} <%= 2 %>"],
    ["controls and half characters", "\0\u001b[31m\ud800"],
  ])("has the same tags whatever is in the names: %s", async (_what, hostile) => {
    const benign = tags(reportPage(await reportOf((text) => `${text}${"x"}`)));
    const page = reportPage(await reportOf((text) => `${text}${hostile}`));
    expect(tags(page)).toEqual(benign);
    expect(page).toContain(escapeHtml(hostile));
    expect(page).not.toMatch(/(?![\t\n])[\p{Cc}\p{Cs}]/u);
  });

  it("shows by number the characters that would turn a name around", async () => {
    const page = reportPage(await reportOf((text) => `${text}\u202egpj.exe`));
    expect(page).toContain("[U+202E]gpj.exe</bdi>");
  });

  it("stands scores of any size", async () => {
    for (const scores of [
      [5, 5],
      [-1.7e308, 1.7e308],
      [0, 5e-324],
      [1, 1 + 2 ** -52],
    ] as const) {
      const rows = scores.map((score, i): Prediction => ({ video: `v${i}`, label: i === 0 ? 0 : 1, score }));
      const page = reportPage(await evaluate(rows, { bootstrap: { samples: 10 } }));
      expect(page).not.toMatch(/NaN|Infinity|undefined|\[object/);
    }
  });

  it("stays small on many frames", async () => {
    const random = new Random(1);
    const rows = Array.from({ length: 100_000 }, (_, i): Prediction => {
      const label: Label = (i >> 8) % 2 === 0 ? 0 : 1;
      return { video: `v${i >> 8}`, frame: i & 255, label, score: random.next() / 2 ** 32 + label / 2 };
    });
    expect(reportPage(await evaluate(rows, { bootstrap: { samples: 10 } })).length).toBeLessThan(150_000);
  });
});

describe("html", () => {
  it("escapes values, keeps markup, joins lists and drops undefined", () => {
    expect(html`<p>${"<&>"}${html`<b>${'"'}</b>`}${["a", html`<i>`]}${undefined}${3}</p>`.toString()).toBe(
      "<p>&lt;&amp;&gt;<b>&quot;</b>a<i>3</p>",
    );
  });
});

describe("the parts of the plots", () => {
  it("histograms count every row once, the highest score in the last bin", () => {
    expect(histogram([0, 0.1, 0.25, 0.5, 1, 1], scaleOf([0, 1]), 4)).toEqual([2, 1, 1, 2]);
  });

  it("axes have round ticks within them", () => {
    expect(scaleOf([-2.3, 3.9]).ticks).toEqual([-2, -1, 0, 1, 2, 3]);
    expect(scaleOf([0, 1]).ticks).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  });

  it("worst mistakes are those farthest beyond the threshold, or ranked most wrongly", () => {
    const video = (name: string, label: Label, score: number) => ({
      video: name,
      label,
      score,
      frames: 0,
      framesScored: 0,
    });
    const videos = [video("r1", 0, -3), video("r2", 0, 2), video("f1", 1, -1), video("f2", 1, 0.5), video("f3", 1, 4)];
    const named = (report: Pick<Report, "videos" | "threshold">) =>
      worstMistakes(report, 9).map(({ video: { video: name }, by }) => [name, by]);
    expect(named({ videos, threshold: { ...threshold, value: 0 } })).toEqual([
      ["r2", 2],
      ["f1", 1],
    ]);
    expect(named({ videos, threshold: null })).toEqual([
      ["r2", 2 / 3],
      ["f1", 1 / 2],
      ["f2", 1 / 2],
    ]);
  });
});
