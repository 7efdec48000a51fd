// A block of calls as it fills: which server signed which call, by the order in which the calls were sent.

import type { Counts } from "./judge";
import { batchesFor, type Order, type Row } from "./order";

const CELLS = 256; // neighbouring calls are counted together in so many cells at most, as Python's `OrderTally` does
const NOBODY = -1;

/** It holds `size` calls, and never more. */
export class Block {
  readonly #signers: Int16Array;
  readonly #names: string[] = [];
  #sent = 0;
  #back = 0;
  #failed = 0;
  readonly gate: readonly string[];

  constructor(size: number, gate: readonly string[] = []) {
    this.#signers = new Int16Array(size).fill(NOBODY);
    this.gate = gate;
  }

  get size(): number {
    return this.#signers.length;
  }

  /** The servers that signed a call of it. */
  get names(): readonly string[] {
    return this.#names;
  }

  get back(): number {
    return this.#back;
  }

  /** The call that was sent at this place (from 0 on) is back, signed by this server ("" for none). */
  put(place: number, server: string, failed: boolean): void {
    this.#back += 1;
    this.#sent = Math.max(this.#sent, place + 1);
    this.#failed += Number(failed);
    this.#signers[place] = server ? this.#number(server) : NOBODY;
  }

  #number(server: string): number {
    const known = this.#names.indexOf(server);
    return known >= 0 ? known : this.#names.push(server) - 1;
  }

  /** What came back so far, for the judge. */
  counts(): Counts {
    const signers = this.#signers.subarray(0, this.#sent);
    const totals = this.#names.map(() => 0);
    for (const signer of signers) {
      if (signer !== NOBODY) {
        totals[signer] = (totals[signer] ?? 0) + 1;
      }
    }
    const servers = new Map(this.#names.map((name, at) => [name, totals[at] ?? 0]));
    return { sent: this.#back, failed: this.#failed, servers, gate: this.gate, order: orderOf(signers, totals.length) };
  }
}

/** How the signed calls lay in time: `signers` has a server's number for each call that was sent, -1 for none. */
export function orderOf(signers: ArrayLike<number>, servers: number): Order {
  const signed = Array.from(signers, (signer, place) => [signer, place] as const).filter(([at]) => at !== NOBODY);
  const same = signed.filter(([signer], at) => at > 0 && signed[at - 1]?.[0] === signer).length;
  return { batches: batches(signed, servers), pairs: Math.max(0, signed.length - 1), same };
}

type Signed = readonly (readonly [number, number])[];

function batches(signed: Signed, servers: number): Row[] {
  const cells = cellsOf(signed, servers);
  const number = Math.min(batchesFor(signed.length, servers), cells.length);
  const ends = Array.from({ length: number + 1 }, (_, at) => (number ? halfToEven((cells.length * at) / number) : 0));
  return ends.slice(1).map((end, at) => summed(cells.slice(ends[at], end), servers));
}

/** The calls of each server by cell: 256 cells at most, each 2^n calls wide; empty ones are left out. */
function cellsOf(signed: Signed, servers: number): Row[] {
  const base = signed[0]?.[1] ?? 0;
  const last = (signed.at(-1)?.[1] ?? 0) - base;
  let width = 0;
  while (last >> width >= CELLS) {
    width += 1;
  }
  const cells = new Map<number, number[]>();
  for (const [signer, place] of signed) {
    const at = (place - base) >> width;
    const cell = cells.get(at) ?? new Array<number>(servers).fill(0);
    cell[signer] = (cell[signer] ?? 0) + 1;
    cells.set(at, cell);
  }
  return [...cells.values()];
}

function summed(rows: readonly Row[], servers: number): Row {
  return Array.from({ length: servers }, (_, at) => rows.reduce((whole, row) => whole + (row[at] ?? 0), 0));
}

/** Rounds as Python does: a half goes to the even neighbour. */
export function halfToEven(value: number): number {
  const down = Math.floor(value);
  return value - down === 0.5 ? down + (down % 2) : Math.round(value);
}
