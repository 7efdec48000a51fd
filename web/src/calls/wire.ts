// What the page and the worker that makes its calls tell each other. Calls are made in a worker, so that the page stays
// quick whatever they cost; and their times are taken there.

import type { Answer, Whole } from "./caller";
import type { Failure } from "./failure";

/**
 * Calls that are made again and again: so many a second and in flight at most; null: none. `traces` is what the
 * identities of their traces begin with, "" where they are not traced.
 */
export type Pace = {
  readonly rate: number;
  readonly concurrency: number;
  readonly message: string;
  readonly traces: string;
} | null;

/** To the worker: another pace along a path, one call with all that comes along (`trace` is its identity there, "": none), a stream, and its end. */
export type Order =
  | { readonly kind: "pace"; readonly path: string; readonly pace: Pace }
  | {
      readonly kind: "whole";
      readonly id: number;
      readonly path: string;
      readonly message: string;
      readonly trace: string;
    }
  | ({ readonly kind: "watch"; readonly id: number; readonly path: string } & Watch)
  | { readonly kind: "end"; readonly id: number };

export type Watch = { readonly message: string; readonly intervalMs: number };

/**
 * From the worker: a call of a pace is back (`seq`: it was the so-manieth that was sent along its path), a call is back
 * with all that came along, a stream was answered, a stream has ended (`failure`: why, if it failed).
 */
export type Report =
  | { readonly kind: "back"; readonly path: string; readonly seq: number; readonly answer: Answer }
  | { readonly kind: "whole"; readonly id: number; readonly answer: Whole }
  | { readonly kind: "heard"; readonly id: number; readonly server: string }
  | { readonly kind: "over"; readonly id: number; readonly failure: Failure | null };

/** A way to send batches of things. */
export type Send<T> = (batch: readonly T[]) => void;

/** Sends what is put in together, some milliseconds later: messages between threads cost more than what is in them. */
export class Outbox<T> {
  #waiting: T[] = [];

  constructor(
    private readonly send: Send<T>,
    private readonly delay: number,
  ) {}

  put(one: T): void {
    if (this.#waiting.push(one) === 1) {
      setTimeout(() => this.#flush(), this.delay);
    }
  }

  #flush(): void {
    const batch = this.#waiting;
    this.#waiting = [];
    this.send(batch);
  }
}
