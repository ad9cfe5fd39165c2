import { type CheckpointedRun, type KeptState, readCheckpoint, writeCheckpoint } from "./checkpoint.js";

/** Keeps the latest state of one training in a file. States that come while another is written wait, the last one wins. */
export class CheckpointFile {
  readonly #path: string;
  readonly #run: CheckpointedRun;
  #waiting: KeptState | undefined;
  #writing: Promise<void> | undefined;
  readonly #onFailure: () => void;
  #failure: unknown;

  /** @param onFailure called where the file cannot be written: going on would lose what comes */
  constructor(path: string, run: CheckpointedRun, onFailure: () => void) {
    this.#path = path;
    this.#run = run;
    this.#onFailure = onFailure;
  }

  /** The state to go on from; undefined where there is none of this run. */
  read(): Promise<KeptState | undefined> {
    return readCheckpoint(this.#path, this.#run);
  }

  keep(state: KeptState): void {
    this.#waiting = state;
    this.#writing ??= this.#write();
  }

  /** When all is written. @throws what writing failed with */
  async settled(): Promise<void> {
    await this.#writing;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #write(): Promise<void> {
    try {
      for (let state = this.#waiting; state !== undefined; state = this.#waiting) {
        this.#waiting = undefined;
        await writeCheckpoint(this.#path, state, this.#run);
      }
    } catch (error) {
      this.#failure = error;
      this.#onFailure();
    } finally {
      this.#writing = undefined;
    }
  }
}
