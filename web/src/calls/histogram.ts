// Latencies of the last calls, and what they come to.

const KEPT = 2000;
export const CALLS_FOR_P99 = 500; // of fewer calls the slowest hundredth is a handful: no figure

export class Latencies {
  readonly #ring = new Float32Array(KEPT);
  #calls = 0;

  add(ms: number): void {
    this.#ring[this.#calls % KEPT] = ms;
    this.#calls += 1;
  }

  /** p50 and p99 in milliseconds of the last 2,000 calls; null where there are too few. */
  quantiles(): { readonly p50: number | null; readonly p99: number | null } {
    const known = this.#ring.slice(0, Math.min(this.#calls, KEPT)).sort();
    const at = (part: number) => known[Math.ceil(part * known.length) - 1] ?? null;
    return { p50: at(0.5), p99: this.#calls >= CALLS_FOR_P99 ? at(0.99) : null };
  }
}

const SECONDS = 5;

/** Calls a second, over the last five whole seconds. */
export class Rate {
  readonly #counts = new Uint32Array(SECONDS + 1);
  readonly #seconds = new Float64Array(SECONDS + 1);
  #first = 0;

  add(now: number): void {
    const second = Math.floor(now / 1000);
    this.#first ||= second;
    const at = second % this.#counts.length;
    if (this.#seconds[at] !== second) {
      this.#seconds[at] = second;
      this.#counts[at] = 0;
    }
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
  }

  /** null in the first second. */
  perSecond(now: number): number | null {
    const second = Math.floor(now / 1000);
    const over = Math.min(SECONDS, second - this.#first);
    if (!this.#first || over < 1) {
      return null;
    }
    let calls = 0;
    this.#counts.forEach((count, at) => {
      const age = second - (this.#seconds[at] ?? 0);
      calls += age >= 1 && age <= over ? count : 0;
    });
    return calls / over;
  }
}
