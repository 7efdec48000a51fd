// The last answers of a way, oldest overwritten first: five bytes each, however long the page is open.

export const EMPTY = 0;
export const FAILED = 64; // and above: FAILED + the number of gRPC's code
export const MOST_CELLS = 10_000;

export class Cells {
  readonly ring = new Uint8Array(MOST_CELLS);
  readonly #seqs = new Uint32Array(MOST_CELLS);
  #written = 0;

  /** How many answers there ever were; the last one lies at (written - 1) modulo the ring's length. */
  get written(): number {
    return this.#written;
  }

  /** A pod's answer, or a failure, of the call with this number. */
  add(value: number, seq: number): void {
    this.ring[this.#written % MOST_CELLS] = value;
    this.#seqs[this.#written % MOST_CELLS] = seq;
    this.#written += 1;
  }

  /** The answer that is so many before the last one; EMPTY where there is none. */
  at(back: number): number {
    const place = this.#written - 1 - back;
    return back >= MOST_CELLS || place < 0 ? EMPTY : (this.ring[place % MOST_CELLS] ?? EMPTY);
  }

  /** The number of the call whose answer is so many before the last one; null where there is none. */
  seqAt(back: number): number | null {
    const place = this.#written - 1 - back;
    return back < 0 || back >= MOST_CELLS || place < 0 ? null : (this.#seqs[place % MOST_CELLS] ?? null);
  }

  /** Nobody knows any more who gave these answers. */
  forget(value: number): void {
    this.ring.forEach((found, at) => {
      if (found === value) {
        this.ring[at] = EMPTY;
      }
    });
  }
}

/** The cell of a pod's answer. */
export function podCell(slot: number): number {
  return slot + 1;
}

export const CODES = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
] as const;

/** The cell of a failure with this code. */
export function failedCell(code: string): number {
  return FAILED + Math.max(0, (CODES as readonly string[]).indexOf(code));
}
