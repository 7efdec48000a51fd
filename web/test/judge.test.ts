// The page's judge, planner and order of calls against the cases that hold Python's.

import { describe, expect, it } from "vitest";
import cases from "../../tests/verdict_cases.json";
import { Block, orderOf } from "../src/measure/block";
import { type Counts, judge, type Verdict } from "../src/measure/judge";
import { gateLimit, planCalls } from "../src/measure/plan";

type Given = (typeof cases.verdicts)[number]["given"];

function counts(given: Given): Counts {
  const servers = new Map(Object.entries(given.servers).filter((entry): entry is [string, number] => entry[1] > 0));
  return { sent: given.sent, failed: given.failed, servers, gate: given.gate, order: given.order };
}

function rounded(figure: number | null): number | null {
  return figure === null ? null : expect.closeTo(figure, 5);
}

function shown(verdict: Verdict) {
  const { outcome, fingerprint, strangers, silent, effective, dispersion, phi, stickiness } = verdict;
  const shares = verdict.shares.map(({ server, calls, low, high, expected }) => [server, calls, low, high, expected]);
  return { outcome, fingerprint, strangers, silent, effective, dispersion, phi, stickiness, shares };
}

describe("the page's judge says what Python's says", () => {
  it.each(cases.verdicts)("$name", ({ given, verdict }) => {
    const found = judge(counts(given), given);

    expect(shown(found)).toEqual({
      ...verdict,
      dispersion: rounded(verdict.dispersion),
      phi: rounded(verdict.phi),
      stickiness: rounded(verdict.stickiness),
      shares: verdict.shares.map((share) => share.map((at) => (typeof at === "number" ? rounded(at) : at))),
    });
  });
});

describe("calls are put together in their order as Python does it", () => {
  it.each(cases.orders)("$sequence", ({ sequence, batches, pairs, same }) => {
    const names = [...new Set(sequence.replaceAll("-", ""))].sort();
    const signers = [...sequence].map((name) => names.indexOf(name));

    expect(orderOf(signers, names.length)).toEqual({ batches, pairs, same });
  });
});

it.each(cases.plans)("plans for %d servers as Python does", (servers = 0, tolerance = 0, alpha = 0, calls, gate) => {
  expect([planCalls(servers, tolerance, alpha), gateLimit(servers)]).toEqual([calls, gate]);
});

describe("a block", () => {
  it("counts calls by the order in which they were sent, whatever the one in which they came back", () => {
    const block = new Block(4);
    block.put(3, "b", false);
    block.put(0, "a", false);
    block.put(2, "b", false);
    block.put(1, "a", false);

    expect(block.counts().order).toEqual({ batches: expect.anything(), pairs: 3, same: 2 });
    expect(block.counts().servers).toEqual(
      new Map([
        ["b", 2],
        ["a", 2],
      ]),
    );
  });

  it("counts as sent what is back: calls in flight say nothing yet", () => {
    const block = new Block(10);
    block.put(1, "", true);

    expect(block.counts()).toMatchObject({ sent: 1, failed: 1 });
  });
});
