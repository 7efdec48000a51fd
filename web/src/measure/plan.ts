// How many calls a verdict needs, and how many show all servers: computed beforehand. As Python's `measure.plan`.

import { normalQuantile } from "./normal";
import { batchesFor, enlarged, sum } from "./order";
import { log10AtLeast, log10AtMost } from "./tails";

const CALLS_TO_ONE_SERVER = 100;
const DRAWS = 8;

const planned = new Map<string, number>();

/** As `fewestCalls`, which takes a while for many servers: known when it is asked for a second time. */
export function planCalls(servers: number, tolerance: number, alpha: number): number {
  const asked = `${servers} ${tolerance} ${alpha}`;
  const calls = planned.get(asked) ?? fewestCalls(servers, tolerance, alpha);
  planned.set(asked, calls);
  return calls;
}

/** The fewest calls with which a fair random policy is judged BALANCED with probability `power`. */
function fewestCalls(servers: number, tolerance: number, alpha: number, power = 0.99): number {
  if (servers < 2) {
    return CALLS_TO_ONE_SERVER;
  }
  let [tooFew, plenty] = [0, servers];
  while (miss(plenty, servers, tolerance, alpha) > 1 - power) {
    [tooFew, plenty] = [plenty, plenty * 2];
  }
  while (plenty - tooFew > 1) {
    const middle = Math.floor((tooFew + plenty) / 2);
    const enough = miss(middle, servers, tolerance, alpha) <= 1 - power;
    [tooFew, plenty] = enough ? [tooFew, middle] : [middle, plenty];
  }
  return plenty;
}

/** After so many calls a fair choice has shown all servers, but for a probability of `missed`. */
export function gateLimit(servers: number, missed = 1e-6): number {
  return servers < 2 ? 1 : Math.max(servers, Math.ceil(Math.log(missed / servers) / Math.log1p(-1 / servers)));
}

/** The probability (beyond two servers: a bound on it) that a fair choice is not judged BALANCED. */
function miss(calls: number, servers: number, tolerance: number, alpha: number): number {
  const fair = 1 / servers;
  const times = servers === 2 ? 1 : servers;
  const freedom = (batchesFor(calls, servers) - 1) * (servers - 1);
  const missed = inflations(freedom, alpha).map((inflated) => missInside(calls, fair, tolerance, alpha, inflated));
  return (times * sum(missed)) / DRAWS;
}

/** What the inflation comes to for independent calls: equally likely values. (Wilson and Hilferty, PNAS 17, 1931.) */
function inflations(freedom: number, alpha: number): number[] {
  const spread = 2 / (9 * freedom);
  return Array.from({ length: DRAWS }, (_, draw) => {
    const z = normalQuantile((draw + 0.5) / DRAWS);
    return Math.max(1, enlarged((1 - spread + z * Math.sqrt(spread)) ** 3, freedom, alpha));
  });
}

/** The probability that a server with the fair share is not proven to lie in the band around it. */
function missInside(calls: number, fair: number, tolerance: number, alpha: number, inflated: number): number {
  const of = Math.floor(calls / inflated);
  let [fewest, most] = inside(of, fair, tolerance, alpha);
  if (fair === 0.5) {
    [fewest, most] = [Math.max(fewest, of - most), Math.min(most, of - fewest)];
  }
  if (inflated > 1) {
    [fewest, most] = [Math.ceil(fewest * inflated), Math.floor(most * inflated)];
  }
  if (fewest > most) {
    return 1;
  }
  const under = fewest > 0 ? 10 ** log10AtMost(fewest - 1, calls, fair) : 0;
  return under + 10 ** log10AtLeast(most + 1, calls, fair);
}

/** The fewest and the most calls that prove a share inside the band; the first is larger when no count does. */
function inside(calls: number, fair: number, tolerance: number, alpha: number): [number, number] {
  const [low, high] = [fair * (1 - tolerance), fair * (1 + tolerance)];
  const limit = Math.log10(alpha);
  const fewest = first(calls, (count) => log10AtLeast(count, calls, low) <= limit);
  const most = calls - first(calls, (count) => high >= 1 || log10AtMost(calls - count, calls, high) <= limit);
  return [fewest, most];
}

/** The smallest count from 0 to `calls` for which it holds, `calls` + 1 when none does; once true, it stays so. */
function first(calls: number, holds: (count: number) => boolean): number {
  let [low, high] = [0, calls + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    [low, high] = holds(middle) ? [low, middle] : [middle + 1, high];
  }
  return low;
}
