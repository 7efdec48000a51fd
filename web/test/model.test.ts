// What is known of the calls, and for how long.

import { describe, expect, it } from "vitest";
import type { Answer } from "../src/calls/caller";
import { Failed } from "../src/calls/remote";
import type { Told } from "../src/calls/ways";
import { Cells, EMPTY, failedCell, MOST_CELLS, podCell } from "../src/model/cells";
import { Page } from "../src/model/page";
import { Pods } from "../src/model/pods";
import { Presence } from "../src/model/presence";
import { DEFAULTS, fromAddress, toAddress } from "../src/model/settings";
import { Timeline } from "../src/model/timeline";
import { Trial } from "../src/model/trial";

const RULES = { tolerance: 0.2, alpha: 0.001 };

/** Sends calls through a trial, answered in turn by these ("" fails). */
function run(trial: Trial, calls: number, servers: readonly string[]): void {
  for (let call = 0; call < calls; call += 1) {
    const server = servers[call % servers.length] ?? "";
    trial.back(sent++, server, server === "");
  }
}

let sent = 0; // calls have ascending numbers, in whichever trial

describe("a trial", () => {
  it("judges nothing before all servers were seen", () => {
    const trial = new Trial(RULES, 3);
    run(trial, 2, ["a", "b"]);

    expect(trial.filled.size).toBe(0);
    run(trial, 1, ["c"]);
    expect(trial.filled.size).toBeGreaterThan(2000);
  });

  it("finds one server pinned at the first look, when the gate gives up waiting for others", () => {
    const trial = new Trial(RULES, 3);
    run(trial, 48 + 150, ["a"]);

    expect(trial.said?.verdict.outcome).toBe("PINNED");
    expect(trial.said?.fresh).toBe(true);
  });

  it("finds a round robin balanced after a third of the block", () => {
    const trial = new Trial(RULES, 3);
    run(trial, 3, ["a", "b", "c"]);
    run(trial, 400, ["a", "b", "c"]);
    expect(trial.said?.verdict.outcome).toBe("INCONCLUSIVE");
    run(trial, 360, ["a", "b", "c"]);

    expect(trial.said?.verdict.outcome).toBe("BALANCED");
    expect(trial.said?.verdict.fingerprint).toBe("round robin");
  });

  it("does not take a verdict back because the next block has only begun", () => {
    const trial = new Trial(RULES, 3);
    run(trial, 3 + trial.filled.size, ["a", "b", "c"]);
    run(trial, trial.filled.size + 400, ["a", "b", "c"]);
    expect([trial.said?.verdict.outcome, trial.filled.back]).toEqual(["BALANCED", 400]);

    run(trial, trial.filled.size, ["a"]);
    expect(trial.said?.verdict.outcome).toBe("PINNED");
  });

  it("looks only when a part of the block is full", () => {
    const trial = new Trial(RULES, 2);
    run(trial, 2, ["a", "b"]);
    const before = trial.filled.size / 16 - 1;
    run(trial, Math.floor(before), ["a"]);

    expect(trial.said).toBeNull();
  });

  it("tells of a failure at once, and forgets it with the block", () => {
    const trial = new Trial(RULES, 2);
    run(trial, 3, ["a", "b", ""]);
    expect(trial.said?.verdict.outcome).toBe("FAILING");

    run(trial, trial.filled.size, ["a", "b"]);
    run(trial, trial.filled.size, ["a", "b"]);
    expect(trial.said?.verdict.outcome).toBe("BALANCED");
  });

  it("begins anew when servers come or go, and says that the last verdict is of before", () => {
    const trial = new Trial(RULES, 2);
    run(trial, 500, ["a", "b"]);
    trial.restart();

    expect(trial.said?.fresh).toBe(false);
    expect(trial.filled).toEqual({ back: 0, size: 0 });
  });

  it("does not count calls that were under way when the block began", () => {
    const trial = new Trial(RULES, 2);
    trial.back(10, "a", false);
    trial.back(12, "b", false);
    trial.back(11, "b", false);

    expect(trial.filled.back).toBe(0);
    trial.back(13, "b", false);
    expect(trial.filled.back).toBe(1);
  });

  it("shares out alpha over its looks", () => {
    expect(new Trial(RULES, 2).alpha * 5).toBeCloseTo(RULES.alpha, 12);
  });
});

describe("presence", () => {
  it("tells who is new, who has fallen silent, and who is back", () => {
    const presence = new Presence();
    expect(presence.answered("a", 0)).toEqual({ kind: "new", pod: "a" });
    for (let call = 1; call < 100; call += 1) {
      presence.answered(call % 2 ? "b" : "a", call * 10);
    }
    expect(presence.silenced(1000)).toEqual([]);
    for (let call = 100; call < 500; call += 1) {
      presence.answered("a", call * 10);
    }

    expect(presence.silenced(5000)).toEqual([{ kind: "silent", pod: "b" }]);
    expect(presence.present).toEqual(["a"]);
    expect(presence.answered("b", 5010)).toEqual({ kind: "again", pod: "b" });
  });

  it("finds nobody silent because there are no calls", () => {
    const presence = new Presence();
    for (let call = 0; call < 100; call += 1) {
      presence.answered("ab"[call % 2] ?? "", call);
    }

    expect(presence.silenced(3_600_000)).toEqual([]);
  });

  it("calls nobody silent for what happens by chance once in some thousand times", () => {
    const presence = new Presence();
    for (let call = 0; call < 300; call += 1) {
      presence.answered("abc"[call % 3] ?? "", call * 10);
    }
    for (let call = 300; call < 320; call += 1) {
      presence.answered("ab"[call % 2] ?? "", call * 200);
    }

    expect(presence.silenced(64_000)).toEqual([]);
  });

  it("waits longer for who has answered seldom", () => {
    const presence = new Presence();
    for (let call = 0; call < 1000; call += 1) {
      presence.answered(call % 100 === 50 ? "seldom" : "a", call * 10);
    }
    for (let call = 1000; call < 1200; call += 1) {
      presence.answered("a", call * 10);
    }

    expect(presence.silenced(12_000)).toEqual([]);
  });

  it("remembers a bounded number of pods", () => {
    const presence = new Presence();
    for (let pod = 0; pod < 1000; pod += 1) {
      presence.answered(`pod-${pod}`, pod);
    }

    expect(presence.present.length).toBeLessThanOrEqual(64);
  });
});

describe("pods", () => {
  it("have letters of their own, for as long as there are letters", () => {
    const forgotten: number[] = [];
    const pods = new Pods((slot) => forgotten.push(slot));
    for (let pod = 0; pod < 26; pod += 1) {
      pods.answered(`pod-${pod}`, pod);
    }
    expect(pods.answered("pod-0", 100).letter).toBe("A");

    expect(pods.answered("one more", 101).letter).toBe("B");
    expect(forgotten).toEqual([1]);
    expect(pods.get("pod-1")).toBeUndefined();
    expect(pods.all.length).toBe(26);
  });
});

describe("cells", () => {
  it("hold the last answers, however many there were", () => {
    const cells = new Cells();
    for (let answer = 0; answer < 3 * MOST_CELLS + 5; answer += 1) {
      cells.add(podCell(answer % 3), answer);
    }

    expect(cells.ring.length).toBe(MOST_CELLS);
    expect(cells.at(0)).toBe(podCell((3 * MOST_CELLS + 4) % 3));
    expect(cells.at(MOST_CELLS - 1)).not.toBe(EMPTY);
    expect(cells.at(MOST_CELLS)).toBe(EMPTY);
    expect([cells.seqAt(0), cells.seqAt(MOST_CELLS - 1)]).toEqual([3 * MOST_CELLS + 4, 2 * MOST_CELLS + 5]);
    expect([cells.seqAt(MOST_CELLS), cells.seqAt(-1), new Cells().seqAt(0)]).toEqual([null, null, null]);
  });

  it("tell failures apart by their code", () => {
    expect(failedCell("UNAVAILABLE") - failedCell("OK")).toBe(14);
    expect(failedCell("nothing that gRPC knows")).toBe(failedCell("OK"));
  });
});

it("keeps the last happenings, the newest first, also when one is told late", () => {
  const timeline = new Timeline();
  for (let at = 0; at < 500; at += 1) {
    timeline.add({ at: at * 10, kind: "new pod", source: "answers", pod: "a", text: `${at}` });
  }
  timeline.add({ at: 4985, kind: "pod ready", source: "Kubernetes", pod: "a", text: "late" });

  expect(timeline.all.length).toBe(100);
  expect(timeline.all.slice(0, 3).map(({ text }) => text)).toEqual(["499", "late", "498"]);
});

it("keeps what is told twice once", () => {
  const timeline = new Timeline();
  const ready = { at: 5, kind: "pod ready", source: "Kubernetes", pod: "a", text: "a ready" } as const;
  timeline.add(ready);
  timeline.add({ ...ready, text: "b ready" });
  timeline.add(ready);

  expect(timeline.all.map(({ text }) => text)).toEqual(["b ready", "a ready"]);
});

describe("the address", () => {
  it("says only what is not as by default, and can be read again", () => {
    const settings = { ...DEFAULTS, rate: 100, mode: "stream", paused: true, message: "a & b=#ü" } as const;

    expect(toAddress(DEFAULTS)).toBe("");
    expect(fromAddress(toAddress(settings))).toEqual(settings);
  });

  it("is not believed blindly", () => {
    expect(fromAddress("#rate=99999&concurrency=-1&mode=evil&cells=x&streams=50")).toEqual(DEFAULTS);
    expect(fromAddress(`#message=${"x".repeat(5000)}`).message.length).toBe(200);
  });
});

const TOLD: Told = {
  title: "here",
  ways: [
    { name: "connection", label: "per connection", path: "/connection", expects: "PINNED" },
    { name: "call", label: "per request", path: "/call", expects: "BALANCED" },
  ],
  servers: null,
  ...RULES,
  api: null,
  traces: null,
};

/** "": nobody answers. */
function answer(server: string): Answer {
  const failure = server ? null : { code: "UNAVAILABLE", text: "", server: "" };
  return { server, ms: 3, message: "hello", failure };
}

/** A page whose servers answer at once: one along the connection, three in turn along the calls. */
function page(): { page: Page; pass: (seconds: number) => void; pinned: { server: string }; pods: { names: string } } {
  let now = 1000;
  const [pinned, pods] = [{ server: "a" }, { names: "abc" }];
  const lanes = new Map<string, { rate: number; seq: number; back: (seq: number, answer: Answer) => void }>();
  const made = new Page(
    TOLD,
    DEFAULTS,
    (way) => ({
      pace: (pace, back) => lanes.set(way.name, { rate: pace?.rate ?? 0, seq: lanes.get(way.name)?.seq ?? 0, back }),
      async *watch() {},
    }),
    () => now,
  );
  const call = (name: string) => {
    const lane = lanes.get(name);
    if (lane?.rate) {
      lane.back(lane.seq, answer(name === "connection" ? pinned.server : (pods.names[lane.seq % 3] ?? "")));
      lane.seq += 1;
    }
  };
  const pass = (seconds: number) => {
    for (let tick = 0; tick < seconds * DEFAULTS.rate; tick += 1) {
      now += 1000 / DEFAULTS.rate;
      call("connection");
      call("call");
      if (tick % DEFAULTS.rate === DEFAULTS.rate - 1) {
        made.look();
      }
    }
  };
  return { page: made, pass, pinned, pods };
}

describe("the page", () => {
  it("comes to the verdicts of both ways, from the servers that it meets itself", () => {
    const { page: made, pass } = page();
    pass(20);

    expect(made.lanes.map(({ model }) => model.trial.said?.verdict.outcome)).toEqual(["PINNED", "BALANCED"]);
    expect(made.lanes[0]?.model.trial.said?.verdict.silent.length).toBe(2);
    expect(made.timeline.all.length).toBe(4);
  });

  it("sends nothing while it is paused or nobody sees it", () => {
    const { page: made, pass } = page();
    made.set({ paused: true });
    pass(1);
    made.set({ paused: false });
    made.hide(true);
    pass(1);

    expect(made.lanes.map(({ model }) => model.calls)).toEqual([0, 0]);
    made.hide(false);
    pass(1);
    expect(made.lanes[0]?.model.calls).toBeGreaterThan(40);
  });

  it("counts anew when another pod takes over, and says who came and who fell silent", () => {
    const { page: made, pass, pinned } = page();
    pass(10);
    pinned.server = "d";
    pass(14);

    const told = made.timeline.all.map(({ kind, pod, text }) => `${kind} ${pod} ${text.includes("(connection)")}`);
    expect(told.slice(0, 2)).toEqual(["silent pod a true", "new pod d true"]);
    const verdict = made.lanes[0]?.model.trial.said?.verdict;
    expect([verdict?.outcome, verdict?.named?.server]).toEqual(["PINNED", "d"]);
  });

  it("does not expect servers that only a way without answers remembers", () => {
    const { page: made, pass, pinned, pods } = page();
    pass(5);
    pinned.server = "";
    pods.names = "def";
    pass(40);

    expect(made.lanes.map(({ model }) => model.trial.said?.verdict.outcome)).toEqual(["FAILING", "BALANCED"]);
    expect(made.lanes[1]?.model.trial.said?.verdict.shares.map(({ server }) => server)).toEqual(["d", "e", "f"]);
  });

  it("tells of a stream that broke, and of none that somebody ended", async () => {
    const made = new Page(TOLD, { ...DEFAULTS, mode: "stream", streams: 1 }, (way) => ({
      pace: () => {},
      async *watch(_, __, signal) {
        yield "a";
        if (way.name === "call") {
          throw new Failed({ code: "UNAVAILABLE", text: "going", server: "a" });
        }
        await new Promise((done) => signal.addEventListener("abort", done));
        throw new Error("aborted");
      },
    }));
    await new Promise((done) => setTimeout(done));
    made.set({ streams: 2, paused: true });
    await new Promise((done) => setTimeout(done));

    const told = made.timeline.all.map(({ kind, pod, text }) => [kind, pod, text]);
    expect(told).toEqual([
      ["stream broke", "a", "stream 1 with a: UNAVAILABLE after 1 answer (call); the next one opens"],
    ]);
  });

  it("hears when a way should come to something else", () => {
    const { page: made } = page();
    const [connection, call] = TOLD.ways as [(typeof TOLD.ways)[0], (typeof TOLD.ways)[0]];
    made.retell({ ...TOLD, ways: [{ ...connection, expects: "BALANCED" }, call], servers: 2 });

    expect(made.lanes.map(({ model }) => model.way.expects)).toEqual(["BALANCED", "BALANCED"]);
  });
});
