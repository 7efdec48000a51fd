// Which policy leaves such calls: named from how they lie in time, and from their totals. As Python's
// `measure.fingerprint`.

import { degrees, inflation, inTurns, type Order, overdispersion, type Rows, sum, surelyLumpy } from "./order";
import { chiSquareTail, log10ChiSquareTail } from "./tails";

export type Fingerprint = "round robin" | "random-like" | "skewed" | "sticky" | "in turns" | "";

const CALLS_A_SERVER = 10; // with fewer calls for each server (on average) a spread has no fingerprint
const STEADY = 0.25; // up to this phi calls are called round robin, where independent ones hardly ever are so steady
const STEADIEST = 0.05; // what totals may vary by even where the batches hardly do
const NOT_EXACT = 0.3; // from this D on totals are no round robin's
const LUMPS = 5; // as uneven as so many connections make, each stuck to one server, is called sticky

/** Pearson's statistic of the counts against the shares (none: equal ones); 0 of nothing. */
export function chiSquare(counts: readonly number[], shares: readonly number[] = []): number {
  const calls = sum(counts);
  return calls
    ? sum(
        counts.map((count, at) => {
          const part = calls * (shares[at] ?? 1 / counts.length);
          return (count - part) ** 2 / part;
        }),
      )
    : 0;
}

/** The policy that the calls look like; "" when there are too few to tell, or two policies look alike. */
export function fingerprint(
  counts: readonly number[],
  dispersion: number,
  order: Order | null,
  alpha: number,
): Fingerprint {
  const calls = sum(counts);
  const freedom = counts.length - 1;
  if (calls < CALLS_A_SERVER * counts.length) {
    return "";
  }
  if (order && inTurns(order)) {
    return "in turns";
  }
  const inflated = order ? inflation(order, alpha) : 1;
  if (log10ChiSquareTail((dispersion / inflated) * freedom, freedom) < Math.log10(alpha)) {
    return calls <= LUMPS * dispersion && !avoided(counts, alpha) ? "sticky" : "skewed";
  }
  return ofEvenTotals(dispersion, freedom, order, alpha);
}

function ofEvenTotals(dispersion: number, freedom: number, order: Order | null, alpha: number): Fingerprint {
  const phi = order && overdispersion(order.batches);
  if (!order || phi === null) {
    if (chiSquareTail(dispersion * freedom, freedom) > 1 - alpha) {
      return "round robin";
    }
    return dispersion >= NOT_EXACT ? "random-like" : "";
  }
  const told = isSteady(order.batches, alpha);
  if (told) {
    const lopsided = log10ChiSquareTail((dispersion / Math.max(phi, STEADIEST)) * freedom, freedom);
    return lopsided < Math.log10(alpha) ? "skewed" : "round robin";
  }
  if (surelyLumpy(order.batches)) {
    return "sticky";
  }
  return told === false ? "random-like" : "";
}

/** Whether the rows are steadier than independent calls; null when such rows could not tell. */
function isSteady(rows: Rows, alpha: number): boolean | null {
  const phi = overdispersion(rows);
  const freedom = degrees(rows);
  if (phi === null || chiSquareTail(STEADY * freedom, freedom) < 1 - alpha) {
    return null;
  }
  return phi <= STEADY;
}

/** Whether some servers get less than half of their part, but something, and the others are even. */
function avoided(counts: readonly number[], alpha: number): boolean {
  const half = sum(counts) / counts.length / 2;
  const fed = counts.filter((count) => count >= half);
  const least = Math.min(...counts);
  if (!(least > 0 && least < half) || fed.length < 2) {
    return false;
  }
  return log10ChiSquareTail(chiSquare(fed), fed.length - 1) >= Math.log10(alpha);
}
