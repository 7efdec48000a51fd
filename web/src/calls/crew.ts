// The worker's side: makes the calls it is told to make, and reports.

import type { Caller } from "./caller";
import { failure } from "./failure";
import { Pacer } from "./pacer";
import { traceOf } from "./trace";
import type { Order, Report } from "./wire";

type Lane = { readonly path: string; readonly caller: Caller; readonly pacer: Pacer; seq: number };

export class Crew {
  readonly #lanes = new Map<string, Lane>();
  readonly #streams = new Map<number, AbortController>();

  constructor(
    private readonly callerTo: (path: string) => Caller,
    private readonly report: (report: Report) => void,
  ) {}

  take(order: Order): void {
    if (order.kind === "end") {
      this.#streams.get(order.id)?.abort();
      return;
    }
    const lane = this.#lane(order.path);
    if (order.kind === "pace") {
      lane.pacer.pace = order.pace;
    } else if (order.kind === "whole") {
      const { id, message, trace } = order;
      void lane.caller.callWhole(message, trace).then((answer) => this.report({ kind: "whole", id, answer }));
    } else {
      void this.#watch(lane.caller, order);
    }
  }

  /** Sends the calls that are due (milliseconds on a monotonic clock). */
  tick(now: number): void {
    for (const lane of this.#lanes.values()) {
      for (let calls = lane.pacer.take(now); calls > 0; calls -= 1) {
        void this.#call(lane);
      }
    }
  }

  async #call(lane: Lane): Promise<void> {
    const seq = lane.seq++;
    const { message = "", traces = "" } = lane.pacer.pace ?? {};
    const answer = await lane.caller.call(message, traces && traceOf(traces, seq));
    lane.pacer.done();
    this.report({ kind: "back", path: lane.path, seq, answer });
  }

  async #watch(caller: Caller, { id, message, intervalMs }: Extract<Order, { kind: "watch" }>): Promise<void> {
    const end = new AbortController();
    this.#streams.set(id, end);
    try {
      for await (const server of caller.watch(message, intervalMs, end.signal)) {
        this.report({ kind: "heard", id, server });
      }
      this.report({ kind: "over", id, failure: null });
    } catch (reason) {
      this.report({ kind: "over", id, failure: end.signal.aborted ? null : failure(reason) });
    } finally {
      this.#streams.delete(id);
    }
  }

  #lane(path: string): Lane {
    const lane = this.#lanes.get(path) ?? { path, caller: this.callerTo(path), pacer: new Pacer(), seq: 0 };
    this.#lanes.set(path, lane);
    return lane;
  }
}
