import { clearLine, cursorTo } from "node:readline";

const lineEveryMs = 10_000;
const drawEveryMs = 100;

/** Shows how far a command is: a bar on a terminal, else a line every ten seconds. On stderr. */
export class Progress {
  readonly #label: string;
  readonly #total: number | undefined;
  readonly #unit: string;
  readonly #terminal = process.stderr.isTTY === true && !process.env.CI;
  readonly #began = performance.now();
  #done = 0;
  #note = "";
  #shownAt = 0;

  /** `total` is undefined where nobody knows it before the end. */
  constructor(label: string, total: number | undefined, unit: string) {
    this.#label = label;
    this.#total = total;
    this.#unit = unit;
    this.#shownAt = this.#terminal ? 0 : this.#began;
  }

  /** Sets how much is done; shown when it is time. `note` stands at the end of the line. */
  update(done: number, note = ""): void {
    this.#done = done;
    this.#note = note;
    const now = performance.now();
    if (now - this.#shownAt < (this.#terminal ? drawEveryMs : lineEveryMs)) return;
    this.#shownAt = now;
    this.#show();
  }

  /** The last state, and the line ended. */
  end(): void {
    this.#show();
    if (this.#terminal) process.stderr.write("\n");
  }

  #show(): void {
    const text = this.#text();
    if (!this.#terminal) {
      process.stderr.write(`${text}\n`);
      return;
    }
    cursorTo(process.stderr, 0);
    process.stderr.write(text.slice(0, Math.max(20, (process.stderr.columns ?? 80) - 1)));
    clearLine(process.stderr, 1);
  }

  #text(): string {
    const seconds = (performance.now() - this.#began) / 1000;
    const rate = this.#done / Math.max(seconds, 1e-3);
    return `${this.#label} ${this.#bar()}${this.#count(rate)}`;
  }

  #bar(): string {
    if (!this.#terminal || this.#total === undefined) return "";
    const width = 24;
    const filled = Math.round((this.#total > 0 ? this.#done / this.#total : 1) * width);
    return `${"█".repeat(filled)}${"░".repeat(width - filled)} `;
  }

  #count(rate: number): string {
    const total = this.#total ?? this.#done;
    const of = this.#total === undefined ? "" : `/${total}`;
    const left = rate > 0 && this.#done < total ? `, ${duration((total - this.#done) / rate)} left` : "";
    const note = this.#note === "" ? "" : `  ${this.#note}`;
    return `${this.#done}${of} ${this.#unit}, ${rate.toFixed(1)}/s${left}${note}`;
  }
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
