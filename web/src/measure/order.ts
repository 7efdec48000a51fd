// How the calls lay in time: steadily spread, or one server at a time. As Python's `measure.order`.

import { oneSidedZ } from "./normal";
import { chiSquareTail, log10ChiSquareTail } from "./tails";

const BATCHES = 64;
const FEWEST_BATCHES = 8;
const ROUNDS = 4; // each batch has calls for so many rounds at least
const SURE = 0.001; // traffic is called sticky, or steady, when independent calls look as much so this seldom
const SURE_TOGETHER = 0.0001; // the same for batches that are put together
const ONE_AT_A_TIME = 0.95; // from this stickiness on one server at a time has the calls
const LUMP = 0.5; // as concentrated as this (1: each batch has one server) is one server at a time, too
const TOGETHER = [1, 2, 4, 8];

export type Row = readonly number[];
export type Rows = readonly Row[];

/**
 * The signed calls by the order in which they were sent: a row a batch of neighbours, with the calls of each server.
 * Of `pairs` of calls that followed each other, `same` went to the same server. Which connection of the browser's
 * carried a call, nobody can tell here: it counts as one.
 */
export type Order = { readonly batches: Rows; readonly pairs: number; readonly same: number };

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((whole, part) => whole + part, 0);
}

/** How many batches so many calls make. */
export function batchesFor(calls: number, servers: number): number {
  return Math.max(FEWEST_BATCHES, Math.min(BATCHES, Math.floor(calls / (ROUNDS * Math.max(1, servers)))));
}

function columns(rows: Rows): number[] {
  const totals = (rows[0] ?? []).map(() => 0);
  for (const row of rows) {
    row.forEach((calls, at) => {
      totals[at] = (totals[at] ?? 0) + calls;
    });
  }
  return totals;
}

/** phi: how much more the batches vary than those of independent calls; null where there is nothing to compare. */
export function overdispersion(rows: Rows): number | null {
  const freedom = degrees(rows);
  if (!freedom) {
    return null;
  }
  const full = rows.filter((row) => row.some(Boolean));
  const totals = columns(full);
  const calls = sum(totals);
  let chiSquare = 0;
  totals.forEach((total, at) => {
    const share = total / calls;
    if (share) {
      chiSquare += sum(full.map((row) => ((row[at] ?? 0) - sum(row) * share) ** 2 / sum(row))) / share;
    }
  });
  return chiSquare / freedom;
}

/** The degrees of freedom of the rows: (B - 1)(k - 1), of those that have calls. */
export function degrees(rows: Rows): number {
  const batches = rows.filter((row) => row.some(Boolean)).length;
  const servers = columns(rows).filter(Boolean).length;
  return Math.max(0, batches - 1) * Math.max(0, servers - 1);
}

function together(rows: Rows, step: number): Rows {
  if (step === 1) {
    return rows;
  }
  const starts = rows.map((_, at) => at).filter((at) => at % step === 0);
  return starts.map((start) => columns(rows.slice(start, start + step)));
}

/** An overdispersion, a little larger for being itself an estimate with so many degrees of freedom. */
export function enlarged(phi: number, freedom: number, alpha: number): number {
  return phi * (studentT(alpha, freedom) / oneSidedZ(alpha)) ** 2;
}

/** The quantile of Student's t that is exceeded with probability `alpha`. (Abramowitz and Stegun 26.7.5.) */
function studentT(alpha: number, freedom: number): number {
  const z = oneSidedZ(alpha);
  const first = (z ** 3 + z) / 4;
  const second = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  const third = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384;
  return z + first / freedom + second / freedom ** 2 + third / freedom ** 3;
}

/** Whether independent calls leave rows as lumpy at most this seldom. */
export function surelyLumpy(rows: Rows, sure = SURE): boolean {
  const phi = overdispersion(rows);
  const freedom = degrees(rows);
  return phi !== null && log10ChiSquareTail(phi * freedom, freedom) < Math.log10(sure);
}

/** Whether independent calls hardly ever are as steady. */
export function surelySteady(rows: Rows): boolean {
  const phi = overdispersion(rows);
  const freedom = degrees(rows);
  return phi !== null && chiSquareTail(phi * freedom, freedom) > 1 - SURE;
}

/** By how much the calls say less than independent ones of their number would; 1 when by nothing. */
export function inflation(order: Order, alpha: number): number {
  const found = [1];
  for (const step of TOGETHER) {
    const rows = together(order.batches, step);
    const phi = overdispersion(rows);
    if (phi !== null && (step === 1 || surelyLumpy(rows, SURE_TOGETHER))) {
      found.push(enlarged(phi, degrees(rows), alpha));
    }
  }
  return Math.max(...found);
}

/** The correlation of neighbours: 1 when a call always follows the one before to its server, 0 for independent ones. */
export function stickiness(order: Order): number | null {
  const totals = columns(order.batches);
  const calls = sum(totals);
  const byChance = calls ? sum(totals.map((total) => (total / calls) ** 2)) : 1;
  return !order.pairs || byChance >= 1 ? null : (order.same / order.pairs - byChance) / (1 - byChance);
}

/** One server at a time: long runs, whole batches of one server, or short runs that take regular turns. */
export function inTurns(order: Order): boolean {
  const phi = overdispersion(order.batches);
  const sticks = stickiness(order);
  if (phi === null) {
    return false;
  }
  const rows = order.batches.filter((row) => row.some(Boolean));
  const lump = phi / (sum(columns(rows)) / rows.length);
  const regular = sticks !== null && sticks >= LUMP && phi <= 1;
  return regular || (sticks !== null && sticks >= ONE_AT_A_TIME) || (lump >= LUMP && surelyLumpy(order.batches));
}
