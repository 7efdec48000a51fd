// The course of a judgement that goes on as long as the page is open: a gate, then one block of calls after another.
// A block is looked at when it is a sixteenth, an eighth, a third, two thirds and wholly full, each time with a fifth of
// its alpha: however often one looks, a fair spread is accused (or a foul one acquitted) with probability alpha at most.
// A third suffices for an exact round robin; the whole is what a random choice needs.

import { Block } from "../measure/block";
import { judge, type Verdict } from "../measure/judge";
import { gateLimit, planCalls } from "../measure/plan";

const PARTS = [1 / 16, 1 / 8, 1 / 3, 2 / 3, 1];

export type Rules = { readonly tolerance: number; readonly alpha: number };

/** What is said: a verdict, `fresh` when nothing has changed since, how many calls of the block it stands on. */
export type Said = { readonly verdict: Verdict; readonly fresh: boolean; readonly calls: number };

export class Trial {
  #block: Block | null = null;
  #gate = new Set<string>();
  #gateCalls = 0;
  #first = 0; // the number of the block's first call
  #last = -1; // the highest number of a call that is back
  #looked = 0;
  #said: Said | null = null;
  #servers: number;

  constructor(
    private readonly rules: Rules,
    servers: number,
  ) {
    this.#servers = servers;
  }

  get said(): Said | null {
    return this.#said;
  }

  /** The alpha of one look. */
  get alpha(): number {
    return this.rules.alpha / PARTS.length;
  }

  /** How full the block is, in calls; 0 of 0 while all servers are still being looked for. */
  get filled(): { readonly back: number; readonly size: number } {
    return { back: this.#block?.back ?? 0, size: this.#block?.size ?? 0 };
  }

  /** Another number of servers is expected from now on: what was counted is no measure any more. */
  expect(servers: number): void {
    if (servers !== this.#servers) {
      this.#servers = servers;
      this.restart();
    }
  }

  /** Begins anew with the gate, since servers came or went; the last verdict stays until there is another. */
  restart(): void {
    this.#block = null;
    this.#gate = new Set();
    this.#gateCalls = 0;
    this.#said = this.#said && { ...this.#said, fresh: false };
  }

  /** Whether a server has a part in what is being counted. */
  knows(server: string): boolean {
    return !this.#block || this.#gate.has(server) || this.#block.names.includes(server);
  }

  /** The call with this number (by the order of sending) is back, signed by this server ("" for nobody). */
  back(seq: number, server: string, failed: boolean): void {
    this.#last = Math.max(this.#last, seq);
    if (!this.#block) {
      this.#pass(server);
    } else if (seq >= this.#first && seq < this.#first + this.#block.size) {
      this.#block.put(seq - this.#first, server, failed);
      this.#look(failed);
    }
  }

  /** The verdict on what has come back so far: for the picture, not for the word. */
  running(): Verdict | null {
    return this.#block?.back ? this.#judge(this.#block) : null;
  }

  #pass(server: string): void {
    this.#gateCalls += 1;
    if (server) {
      this.#gate.add(server);
    }
    if (this.#gate.size >= this.#servers || this.#gateCalls >= gateLimit(Math.max(1, this.#servers))) {
      this.#begin();
    }
  }

  /** What belongs to the block is settled before anything is known of it: the calls after the last that is back. */
  #begin(): void {
    this.#first = this.#last + 1;
    this.#block = new Block(planCalls(Math.max(2, this.#servers), this.rules.tolerance, this.alpha), [...this.#gate]);
    this.#looked = 0;
  }

  /** A failure is no matter of chance: it is told at once. */
  #look(failed: boolean): void {
    const block = this.#block;
    if (!block) {
      return;
    }
    const due = Math.ceil((PARTS[this.#looked] ?? 1) * block.size);
    if (block.back < due && !(failed && !this.#failing())) {
      return;
    }
    this.#say(this.#judge(block), block);
    this.#looked += Number(block.back >= due);
    if (block.back >= block.size) {
      this.#begin();
    }
  }

  /** A block that has just begun and cannot tell yet does not take back what the last one has told. */
  #say(verdict: Verdict, block: Block): void {
    const known = this.#said?.fresh ? this.#said.verdict.outcome : "INCONCLUSIVE";
    const settled = known !== "INCONCLUSIVE" && known !== "FAILING";
    if (verdict.outcome !== "INCONCLUSIVE" || block.back >= block.size || !settled) {
      this.#said = { verdict, fresh: true, calls: block.back };
    }
  }

  #failing(): boolean {
    return this.#said?.fresh === true && this.#said.verdict.outcome === "FAILING" && this.#looked > 0;
  }

  #judge(block: Block): Verdict {
    const expectation = { count: this.#servers, tolerance: this.rules.tolerance, alpha: this.alpha };
    return judge(block.counts(), expectation);
  }
}
