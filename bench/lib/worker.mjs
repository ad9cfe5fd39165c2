// A contender's process: started once, then asked by lines of JSON, so that no clock sees a program start or an import.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export class Worker {
  #child;
  #answers;

  constructor(program, args) {
    this.#child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    // A write to a process that has died: `ask` says so, since no answer comes.
    this.#child.stdin.on("error", () => undefined);
    this.#child.on("error", () => undefined);
  }

  /** Sends a request and resolves to its answer; one at a time. Throws what the worker says of a failure. */
  async ask(request) {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    return this.#next(`an answer to ${JSON.stringify(request)}`);
  }

  /** What a worker says before it is asked. */
  hello() {
    return this.#next("a first line");
  }

  async #next(what) {
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`${this.#child.spawnargs.join(" ")} ended without ${what}`);
    const answer = JSON.parse(value);
    if (answer.error !== undefined) throw new Error(`${this.#child.spawnargs.join(" ")}: ${answer.error}`);
    return answer;
  }

  close() {
    this.#child.stdin.end();
  }
}
