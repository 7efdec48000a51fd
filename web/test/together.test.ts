// All that is drawn keeps to one clock.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { together } from "../src/view/together";

const QUICK = 125; // milliseconds
const SLOW = 250;

describe("what is drawn again and again", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("falls on the same beat, whenever it began", () => {
    const drawn: [string, number][] = [];
    const draw = (name: string) => () => drawn.push([name, performance.now() % SLOW]);
    vi.advanceTimersByTime(40);
    together(QUICK, draw("one"));
    vi.advanceTimersByTime(61);
    together(QUICK, draw("other"));
    vi.advanceTimersByTime(30);
    together(SLOW, draw("words"));
    vi.advanceTimersByTime(4 * SLOW);

    expect(new Set(drawn.map(([, at]) => at))).toEqual(new Set([0, QUICK]));
    expect(new Set(drawn.filter(([name]) => name === "words").map(([, at]) => at))).toEqual(new Set([0]));
    expect(drawn.filter(([name]) => name === "words")).toHaveLength(4);
    expect(drawn.filter(([name]) => name === "other")).toHaveLength(9);
  });

  it("ends when it is told to", () => {
    const act = vi.fn();
    const end = together(QUICK, act);
    vi.advanceTimersByTime(QUICK);
    end();
    vi.advanceTimersByTime(4 * QUICK);

    expect(act).toHaveBeenCalledTimes(1);
  });

  it("goes on after an act that failed", () => {
    const act = vi.fn(() => {
      throw new Error("no canvas");
    });
    const end = together(QUICK, act);
    expect(() => vi.advanceTimersByTime(QUICK)).toThrow("no canvas");
    expect(() => vi.advanceTimersByTime(QUICK)).toThrow("no canvas");
    end();
  });
});
