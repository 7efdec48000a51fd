// The page's side of the calls that its worker makes.

import type { Answer, Whole } from "./caller";
import type { Failure } from "./failure";
import { type Order, Outbox, type Pace, type Report, type Send, type Watch } from "./wire";

/** What a failed stream throws. */
export class Failed extends Error {
  constructor(readonly failure: Failure) {
    super(failure.text);
  }
}

type OfOne = Exclude<Report, { kind: "back" }>;
type Back = (seq: number, answer: Answer) => void;

export class Dispatch {
  readonly #ones = new Map<number, (report: OfOne) => void>();
  readonly #paces = new Map<string, Back>();
  readonly #orders: Outbox<Order>;
  #next = 1;

  constructor(send: Send<Order>) {
    this.#orders = new Outbox(send, 0);
  }

  /** The worker has something to say. */
  receive(reports: readonly Report[]): void {
    for (const report of reports) {
      if (report.kind === "back") {
        this.#paces.get(report.path)?.(report.seq, report.answer);
        continue;
      }
      const hear = this.#ones.get(report.id);
      if (report.kind !== "heard") {
        this.#ones.delete(report.id);
      }
      hear?.(report);
    }
  }

  pace(path: string, pace: Pace, back: Back): void {
    this.#paces.set(path, back);
    this.#orders.put({ kind: "pace", path, pace });
  }

  whole(path: string, message: string, trace: string): Promise<Whole> {
    return new Promise((done) => {
      const id = this.#expect((report) => report.kind === "whole" && done(report.answer));
      this.#orders.put({ kind: "whole", id, path, message, trace });
    });
  }

  /** Opens a stream; returns its number. */
  watch(path: string, watch: Watch, hear: (report: OfOne) => void): number {
    const id = this.#expect(hear);
    this.#orders.put({ kind: "watch", id, path, ...watch });
    return id;
  }

  end(id: number): void {
    this.#orders.put({ kind: "end", id });
  }

  #expect(hear: (report: OfOne) => void): number {
    this.#ones.set(this.#next, hear);
    return this.#next++;
  }
}

/** Calls along one way. */
export class RemoteCaller {
  constructor(
    private readonly dispatch: Dispatch,
    private readonly path: string,
  ) {}

  /** Calls again and again at this pace; `back` gets each answer with the number of its call. */
  pace(pace: Pace, back: Back): void {
    this.dispatch.pace(this.path, pace, back);
  }

  /** Calls once, and keeps all that comes along. */
  callWhole(message: string, trace = ""): Promise<Whole> {
    return this.dispatch.whole(this.path, message, trace);
  }

  /** Who answers on a stream, again and again; throws Failed when it fails, and ends when it is aborted. */
  async *watch(message: string, intervalMs: number, signal: AbortSignal): AsyncGenerator<string> {
    const waiting: OfOne[] = [];
    let wake = () => {};
    const id = this.dispatch.watch(this.path, { message, intervalMs }, (report) => {
      waiting.push(report);
      wake();
    });
    signal.addEventListener("abort", () => this.dispatch.end(id), { once: true });
    for (;;) {
      const report = waiting.shift();
      if (report?.kind === "heard") {
        yield report.server;
      } else if (report?.kind === "over" && report.failure) {
        throw new Failed(report.failure);
      } else if (report) {
        return;
      } else {
        await new Promise<void>((done) => {
          wake = done;
        });
      }
    }
  }
}
