// Numbers and verdicts as people read them.

import type { Outcome, Verdict } from "../measure/judge";

export function number(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 0 });
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(share > 0 && share < 0.1 ? 2 : 1)} %`;
}

/** Milliseconds. */
export function latency(ms: number | null): string {
  return ms === null ? "–" : `${ms >= 100 ? ms.toFixed(0) : ms.toFixed(1)} ms`;
}

/** The time of day; `at` in milliseconds of the epoch. */
export function clock(at: number): string {
  return new Date(at).toLocaleTimeString("en-GB");
}

export function count(value: number, noun: string): string {
  return `${number(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** A probability, given as its log10: "once in 10^285 tries". */
export function onceIn(log10: number): string {
  const power = Math.floor(-log10);
  return power >= 4 ? `once in 10^${number(power)} tries` : `once in ${number(10 ** -log10)} tries`;
}

/** What a verdict stands on, in a sentence. */
export function because(verdict: Verdict, tolerance: number): string {
  const failed = verdict.outcome === "FAILING" ? "Calls failed; apart from that: " : "";
  return failed + (SENTENCES[verdict.spread] ?? inconclusive)(verdict, tolerance);
}

type Sentence = (verdict: Verdict, tolerance: number) => string;

const SENTENCES: Partial<Record<Outcome, Sentence>> = {
  PINNED: ({ named, calls, chance }) => {
    const part = named?.calls === calls ? `all ${number(calls)}` : `${number(named?.calls ?? 0)} of ${number(calls)}`;
    return `${named?.server} answered ${part} calls; a fair choice does that ${onceIn(chance)}.`;
  },
  BALANCED: ({ shares, calls, fingerprint }, tolerance) => {
    const fair = percent(shares[0]?.expected ?? 0);
    const looks = fingerprint ? ` It looks like ${fingerprint}.` : "";
    return (
      `Each of the ${shares.length} servers answered its part of ${count(calls, "call")} (${fair} is fair, ` +
      `give or take ${tolerance * 100} % of that).${looks}`
    );
  },
  UNBALANCED: ({ named, calls, chance }) =>
    `${named?.server} answered ${number(named?.calls ?? 0)} of ${count(calls, "call")} ` +
    `(${percent(named?.share ?? 0)}), where ${percent(named?.expected ?? 0)} is fair; ` +
    `a fair choice strays that far ${onceIn(chance)}.`,
  "IN TURNS": ({ calls }) => `The servers take turns, one at a time: ${count(calls, "call")}.`,
};

function inconclusive({ calls, shares, named }: Verdict): string {
  if (!calls) {
    return "No call was answered, so there is no spread to judge.";
  }
  if (shares.filter((share) => share.expected).length < 2) {
    return `There is only one server, ${shares[0]?.server}: nothing to balance.`;
  }
  const open = named ? ` (${named.server}: ${percent(named.low)} to ${percent(named.high)})` : "";
  return `${count(calls, "call")} cannot tell yet whether the servers share fairly${open}.`;
}
