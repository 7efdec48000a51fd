// Exact binomial tests of a share against a limit, and the interval that they make. As Python's `measure.exact`.

import { oneSidedZ } from "./normal";
import { log10AtLeast, log10AtMost } from "./tails";

const STEPS = 200;
const NEAR = 1e-7;
const FIRST_STEP = 0.02;
const LONGEST_STEP = 2;

/** Whether `calls` of `of` prove, but for an error of `alpha`, that the true share is below the limit. */
export function below(calls: number, of: number, limit: number, alpha: number): boolean {
  return limit >= 1 || (of > 0 && log10AtMost(calls, of, limit) <= Math.log10(alpha));
}

/** Whether `calls` of `of` prove, but for an error of `alpha`, that the true share is above the limit. */
export function above(calls: number, of: number, limit: number, alpha: number): boolean {
  return limit <= 0 || (of > 0 && log10AtLeast(calls, of, limit) <= Math.log10(alpha));
}

/** The largest share that `calls` of `of` prove to be exceeded; 0 when there is none. (Clopper and Pearson.) */
export function lowest(calls: number, of: number, alpha: number): number {
  if (calls <= 0) {
    return 0;
  }
  const level = Math.log10(alpha);
  return root((share) => log10AtLeast(calls, of, share) - level, wilsonLow(calls, of, oneSidedZ(alpha)));
}

/** The smallest share that `calls` of `of` prove not to be reached; 1 when there is none. */
export function highest(calls: number, of: number, alpha: number): number {
  return 1 - lowest(of - calls, of, alpha);
}

function wilsonLow(calls: number, of: number, z: number): number {
  const share = calls / of;
  const square = z * z;
  const centre = (share + square / (2 * of)) / (1 + square / of);
  const half = (z / (1 + square / of)) * Math.sqrt((share * (1 - share)) / of + square / (4 * of * of));
  return Math.max(0, centre - half);
}

/** Where the difference, which grows with the share, is 0: by secants, on the scale of the odds. */
function root(difference: (share: number) => number, start: number): number {
  let before = Math.log(Math.max(start, 1e-12) / Math.max(1 - start, 1e-12));
  let foundBefore = difference(share(before));
  let at = before - FIRST_STEP;
  for (let step = 0; step < STEPS; step += 1) {
    const found = difference(share(at));
    if (Math.abs(found) < NEAR || at === before) {
      break;
    }
    const slope = (found - foundBefore) / (at - before);
    const next = slope > 0 ? -found / slope : -LONGEST_STEP;
    before = at;
    foundBefore = found;
    at += Math.max(-LONGEST_STEP, Math.min(LONGEST_STEP, next));
  }
  return share(at);
}

function share(logOdds: number): number {
  return 1 / (1 + Math.exp(-Math.max(-500, Math.min(30, logOdds))));
}
