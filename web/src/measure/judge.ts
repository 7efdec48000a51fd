// From counts to a verdict, by the rules of `lbdemo verify`: equal parts, calls counted one by one, one look. The cases
// of tests/verdict_cases.json hold this and Python's `measure.judge` together.

import { above, below, highest, lowest } from "./exact";
import { chiSquare, type Fingerprint, fingerprint } from "./fingerprint";
import { inflation, inTurns, type Order, overdispersion, stickiness, sum, surelyLumpy } from "./order";
import { log10AtLeast, log10AtMost } from "./tails";

export type Outcome = "BALANCED" | "UNBALANCED" | "PINNED" | "IN TURNS" | "INCONCLUSIVE" | "FAILING";

/** A block of calls: `servers` signed so many each, well or with an error; what is left of `sent` nobody signed. */
export type Counts = {
  readonly sent: number;
  readonly failed: number;
  readonly servers: ReadonlyMap<string, number>;
  readonly gate: readonly string[];
  readonly order: Order | null;
};

/** `count` servers share the calls (0: those that answered), each share may be off by `tolerance` of the fair one. */
export type Expectation = { readonly count: number; readonly tolerance: number; readonly alpha: number };

/** `expected` is the fair share, 0 for a server that nobody expected. `low` and `high` are what the calls leave open. */
export type Share = {
  readonly server: string;
  readonly calls: number;
  readonly share: number;
  readonly low: number;
  readonly high: number;
  readonly expected: number;
};

/**
 * What the calls show. `spread` is the outcome with the failures left aside, `chance` the log10 of a bound on how often
 * a fair choice strays as far as `named`, the server to speak of.
 */
export type Verdict = {
  readonly outcome: Outcome;
  readonly spread: Outcome;
  readonly shares: readonly Share[];
  readonly strangers: readonly string[];
  readonly silent: readonly string[];
  readonly calls: number;
  readonly effective: number;
  readonly dispersion: number | null;
  readonly phi: number | null;
  readonly stickiness: number | null;
  readonly fingerprint: Fingerprint;
  readonly named: Share | null;
  readonly chance: number;
};

export const PINNED_SHARE = 0.99; // from this share on a server counts as the only one: the rest are stragglers
const NAMELESS = ["(other)", "(unnamed)"]; // stand for servers without a name
export const UNNAMED = "(unnamed)";

/** All that the questions below are about. */
type Seen = {
  readonly calls: number;
  readonly unsigned: number;
  readonly inflation: number;
  readonly effective: number;
  readonly roster: readonly string[];
  readonly shares: readonly Share[];
  readonly expected: readonly Share[];
  readonly order: Order | null;
  readonly expectation: Expectation;
};

/** Judges a block of calls. No failure is allowed. */
export function judge(counts: Counts, expectation: Expectation): Verdict {
  const seen = see(counts, expectation);
  const spread = outcome(seen);
  const dispersion = dispersionOf(seen);
  const named = spread === "PINNED" ? top(seen) : worst(seen);
  return {
    outcome: counts.failed > 0 ? "FAILING" : spread,
    spread,
    shares: seen.shares,
    strangers: seen.shares.filter((share) => !share.expected).map((share) => share.server),
    silent: seen.expected.filter((share) => !share.calls).map((share) => share.server),
    calls: seen.calls,
    effective: seen.effective,
    dispersion,
    phi: seen.order && overdispersion(seen.order.batches),
    stickiness: seen.order && stickiness(seen.order),
    fingerprint: policy(seen, dispersion),
    named,
    chance: named && seen.calls ? fairChance(seen, named) : 0,
  };
}

function see(counts: Counts, expectation: Expectation): Seen {
  const names = roster(counts, expectation.count);
  const strangers = [...counts.servers.keys()].filter((name) => !names.includes(name)).sort(byCalls(counts.servers));
  const calls = sum([...counts.servers.values()]);
  const unsigned = Math.max(0, counts.sent - calls);
  const inflated = counts.order ? inflation(counts.order, expectation.alpha) : 1;
  const effective = Math.max(0, Math.floor((calls + unsigned) / inflated));
  const share = (server: string, expected: number): Share => {
    const mine = counts.servers.get(server) ?? 0;
    const [least, most] = bounds(mine, calls, unsigned, inflated);
    const low = effective ? lowest(least, effective, expectation.alpha) : 0;
    const high = effective ? highest(most, effective, expectation.alpha) : 1;
    return { server, calls: mine, share: calls ? mine / calls : 0, low, high, expected };
  };
  const expected = names.map((name) => share(name, 1 / names.length));
  const shares = [...expected, ...strangers.map((name) => share(name, 0))];
  const order = counts.order;
  return { calls, unsigned, inflation: inflated, effective, roster: names, shares, expected, order, expectation };
}

/** The servers that should share the calls, sorted; unseen ones fill up to the expected number. */
function roster(counts: Counts, count: number): string[] {
  const named = [...counts.servers.keys(), ...counts.gate].filter((name) => !NAMELESS.includes(name));
  const all = [...new Set(named)];
  if (!count) {
    return all.sort(byName);
  }
  const late = (name: string) => Number(!counts.gate.includes(name));
  const most = byCalls(counts.servers);
  const known = all.sort((one, other) => late(one) - late(other) || most(one, other)).slice(0, count);
  const missing = count - known.length;
  const unseen = Array.from({ length: missing }, (_, at) => (missing === 1 ? "(unseen)" : `(unseen ${at + 1})`));
  return [...known.sort(byName), ...unseen];
}

/** By code points, as Python sorts: what the reader's language makes of names must not matter. */
function byName(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

function byCalls(servers: ReadonlyMap<string, number>): (one: string, other: string) => number {
  return (one, other) => (servers.get(other) ?? 0) - (servers.get(one) ?? 0) || byName(one, other);
}

/** The fewest and the most of the effective calls that may have been a server's, rounded to the unsafe side. */
function bounds(calls: number, signed: number, unsigned: number, inflated: number): [number, number] {
  if (inflated <= 1) {
    return [calls, calls + unsigned];
  }
  const effective = Math.floor((signed + unsigned) / inflated);
  return [Math.floor(calls / inflated), Math.min(effective, Math.ceil((calls + unsigned) / inflated))];
}

function outcome(seen: Seen): Outcome {
  if (!seen.calls || seen.roster.length < 2 || nameless(seen) * 2 > seen.calls || changed(seen)) {
    return "INCONCLUSIVE";
  }
  if (isPinned(seen)) {
    return "PINNED";
  }
  if (seen.order && inTurns(seen.order)) {
    return "IN TURNS";
  }
  if (seen.expected.some((share) => accused(seen, share))) {
    return "UNBALANCED";
  }
  const fair = seen.expected.every((share) => inside(seen, share)) && seen.shares.length === seen.expected.length;
  return fair ? "BALANCED" : "INCONCLUSIVE";
}

function nameless(seen: Seen): number {
  return sum(seen.shares.filter((share) => NAMELESS.includes(share.server)).map((share) => share.calls));
}

/** More than stragglers came from servers that nobody expected: fair shares have no measure then. */
function changed(seen: Seen): boolean {
  const strange = sum(seen.shares.filter((share) => !share.expected).map((share) => share.calls));
  return strange > (1 - PINNED_SHARE) * seen.calls;
}

function isPinned(seen: Seen): boolean {
  const most = top(seen);
  return most !== null && most.calls >= PINNED_SHARE * (seen.calls + seen.unsigned) && tooMuch(seen, most);
}

function top(seen: Seen): Share | null {
  return seen.shares.reduce<Share | null>((most, share) => (most && most.calls >= share.calls ? most : share), null);
}

/** The expected server to name: provably off if any is, then a silent one, then the farthest off. */
function worst(seen: Seen): Share | null {
  const rank = (share: Share) =>
    [Number(accused(seen, share)), Number(!share.calls), Math.abs(share.share / share.expected - 1)] as const;
  return seen.expected.reduce<Share | null>((found, share) => {
    if (!found) {
      return share;
    }
    const [one, other] = [rank(found), rank(share)];
    const at = one.findIndex((value, place) => value !== other[place]);
    return at >= 0 && (other[at] ?? 0) > (one[at] ?? 0) ? share : found;
  }, null);
}

/** Whether the share is proven to lie in the band. */
function inside(seen: Seen, share: Share): boolean {
  const { tolerance, alpha } = seen.expectation;
  const [least, most] = bounds(share.calls, seen.calls, seen.unsigned, seen.inflation);
  return (
    above(least, seen.effective, share.expected * (1 - tolerance), alpha) &&
    below(most, seen.effective, share.expected * (1 + tolerance), alpha)
  );
}

/** Whether the share is proven to lie outside of the band: one of many accusations (Bonferroni). */
function accused(seen: Seen, share: Share): boolean {
  const [, most] = bounds(share.calls, seen.calls, seen.unsigned, seen.inflation);
  const low = share.expected * (1 - seen.expectation.tolerance);
  return below(most, seen.effective, low, alphaEach(seen)) || tooMuch(seen, share);
}

function tooMuch(seen: Seen, share: Share): boolean {
  const high = (share.expected || 1 / seen.roster.length) * (1 + seen.expectation.tolerance);
  const [least] = bounds(share.calls, seen.calls, seen.unsigned, seen.inflation);
  return high < 1 && above(least, seen.effective, high, alphaEach(seen));
}

function alphaEach(seen: Seen): number {
  return seen.expectation.alpha / (2 * seen.roster.length);
}

/** How seldom a fair choice strays so far, of as many independent calls as these are worth. */
function fairChance(seen: Seen, share: Share): number {
  const servers = seen.roster.length;
  const fair = share.expected || 1 / servers;
  if (servers < 2) {
    return 0;
  }
  const tail = share.share >= fair ? log10AtLeast : log10AtMost;
  const calls = Math.round(share.share * seen.effective);
  return Math.min(0, tail(calls, seen.effective, fair) + Math.log10(servers));
}

function countsOf(seen: Seen): number[] {
  const expected = seen.expected.map((share) => share.calls);
  return expected.some(Boolean) ? expected : seen.shares.map((share) => share.calls);
}

function dispersionOf(seen: Seen): number | null {
  const counts = countsOf(seen);
  return counts.length < 2 || !sum(counts) ? null : chiSquare(counts) / (counts.length - 1);
}

/** The policy that the calls look like; "" when nobody can tell, or strangers answered. */
function policy(seen: Seen, dispersion: number | null): Fingerprint {
  if (changed(seen) || dispersion === null) {
    return "";
  }
  const found = fingerprint(countsOf(seen), dispersion, seen.order, seen.expectation.alpha);
  const hidden = seen.unsigned > (1 - PINNED_SHARE) * (seen.calls + seen.unsigned);
  const lumpy = seen.order !== null && surelyLumpy(seen.order.batches);
  const sure = lumpy || seen.expected.some((share) => accused(seen, share));
  return (found === "sticky" || found === "skewed") && hidden && !sure ? "" : found;
}
