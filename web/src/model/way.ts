// All that is known of one way: its last answers, figures, failures, who answers, and the judgement.

import type { Answer } from "../calls/caller";
import type { Failure } from "../calls/failure";
import { Latencies, Rate } from "../calls/histogram";
import { newTraces, traceOf } from "../calls/trace";
import type { Way } from "../calls/ways";
import { UNNAMED, type Verdict } from "../measure/judge";
import { Cells, failedCell, podCell } from "./cells";
import type { Pods } from "./pods";
import { type Change, Presence } from "./presence";
import { type Rules, Trial } from "./trial";

/** Failures of one code: how many, and what was said of the last one, `at` milliseconds of the epoch. */
export type Failures = { readonly code: string; readonly calls: number; readonly last: Failure; readonly at: number };

export class WayModel {
  readonly cells = new Cells();
  /** What the identities of its calls' traces begin with. */
  readonly traces = newTraces();
  readonly latencies = new Latencies();
  readonly rate = new Rate();
  readonly presence = new Presence();
  readonly trial: Trial;
  /** The judgement of what has come back so far, as of the last look: for the bars. */
  running: Verdict | null = null;
  #calls = 0;
  #failures = new Map<string, Failures>();

  constructor(
    public way: Way,
    private readonly pods: Pods,
    rules: Rules,
    servers: number,
  ) {
    this.trial = new Trial(rules, servers);
  }

  get calls(): number {
    return this.#calls;
  }

  /** By code, the most frequent first. */
  get failures(): readonly Failures[] {
    return [...this.#failures.values()].sort((one, other) => other.calls - one.calls);
  }

  /** The identity of the trace of the call that was answered so many before the last one; "" where there is none. */
  traceAt(back: number): string {
    const seq = this.cells.seqAt(back);
    return seq === null ? "" : traceOf(this.traces, seq);
  }

  /** The call with this number is back; `now` in milliseconds. Returns what changed. */
  back(seq: number, answer: Answer, now: number): Change | null {
    const server = answer.server || (answer.failure ? "" : UNNAMED);
    const change = this.#answered(server, now);
    if (change && !this.trial.knows(server)) {
      this.trial.restart();
    }
    this.trial.back(seq, server, answer.failure !== null);
    this.#calls += 1;
    this.rate.add(now);
    this.#show(seq, server, answer, now);
    return change;
  }

  /** One answer of a stream: it is not judged, for a stream is one call. */
  streamed(server: string, now: number): void {
    this.rate.add(now);
    this.pods.answered(server || UNNAMED, now);
  }

  /** Who has fallen silent; what was counted with them is no measure any more. */
  silenced(now: number): Change[] {
    const found = this.presence.silenced(now);
    if (found.length) {
      this.trial.restart();
    }
    return found;
  }

  #answered(server: string, now: number): Change | null {
    return server ? this.presence.answered(server, now) : null;
  }

  #show(seq: number, server: string, answer: Answer, now: number): void {
    if (answer.failure) {
      const { code } = answer.failure;
      this.cells.add(failedCell(code), seq);
      const calls = (this.#failures.get(code)?.calls ?? 0) + 1;
      this.#failures.set(code, { code, calls, last: answer.failure, at: Date.now() });
      return;
    }
    this.latencies.add(answer.ms);
    this.cells.add(podCell(this.pods.answered(server, now).slot), seq);
  }
}
