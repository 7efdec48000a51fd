// Calls as they come out of the library, in each shape that an answer or a failure has on the wire.

import { create, toBinary } from "@bufbuild/protobuf";
import { Code, encodeBinaryHeader } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { describe, expect, it, vi } from "vitest";
import { lines, understood } from "../src/calls/api";
import { Caller } from "../src/calls/caller";
import { Crew } from "../src/calls/crew";
import { codeName } from "../src/calls/failure";
import { Latencies, Rate } from "../src/calls/histogram";
import { Pacer } from "../src/calls/pacer";
import { Dispatch, Failed, RemoteCaller } from "../src/calls/remote";
import { newTrace, newTraces, traceOf } from "../src/calls/trace";
import { type Row, Watcher } from "../src/calls/watcher";
import { told } from "../src/calls/ways";
import { EchoResponseSchema } from "../src/gen/echo_pb";

const TYPE = { "content-type": "application/grpc-web+proto" };
const TRAILERS = 0x80;

function frame(flag: number, body: Uint8Array): Uint8Array {
  const head = new DataView(new ArrayBuffer(5));
  head.setUint8(0, flag);
  head.setUint32(1, body.length);
  return new Uint8Array([...new Uint8Array(head.buffer), ...body]);
}

function answer(server: string, message = "hello"): Uint8Array {
  return frame(0, toBinary(EchoResponseSchema, create(EchoResponseSchema, { message, serverID: server })));
}

function trailers(text: string): Uint8Array {
  return frame(TRAILERS, new TextEncoder().encode(text));
}

/** A caller whose every call is answered like this. */
function answered(make: () => Response | Promise<Response>): Caller {
  let now = 0;
  const transport = createGrpcWebTransport({ baseUrl: "http://page/call", fetch: async () => make() });
  return new Caller(transport, () => (now += 7));
}

function body(...frames: Uint8Array[]): Response {
  return new Response(new Uint8Array(frames.flatMap((each) => [...each])), { headers: TYPE });
}

const SIGNED = encodeBinaryHeader(new TextEncoder().encode("pod-b"));

describe("a call", () => {
  it("is answered by a pod that says its name", async () => {
    const found = await answered(() => body(answer("pod-a"), trailers("grpc-status: 0\r\n"))).call("hello");

    expect(found).toEqual({ server: "pod-a", ms: 7, message: "hello", failure: null });
  });

  it.each([
    [
      "in a frame of trailers, signed",
      () => body(trailers(`grpc-status: 14\r\ngrpc-message: told to be sick\r\nlbdemo-server-bin: ${SIGNED}\r\n`)),
      { code: "UNAVAILABLE", text: "told to be sick", server: "pod-b" },
    ],
    [
      "in the headers of an empty answer with HTTP 200",
      () => new Response("", { headers: { ...TYPE, "grpc-status": "4", "grpc-message": "too late" } }),
      { code: "DEADLINE_EXCEEDED", text: "too late", server: "" },
    ],
    [
      "as HTTP 503",
      () => new Response("no healthy upstream", { status: 503, headers: { "content-type": "text/plain" } }),
      { code: "UNAVAILABLE", text: expect.stringContaining("503"), server: "" },
    ],
    [
      "as an answer that is cut off",
      () => body(answer("pod-a").slice(0, 4)),
      { code: expect.stringMatching(/^[A-Z_]+$/), text: expect.stringMatching(/./), server: "" },
    ],
    ["as an answer without a status", () => body(answer("pod-a")), { code: expect.stringMatching(/^[A-Z_]+$/) }],
    [
      "as no answer at all",
      () => Promise.reject(new TypeError("Failed to fetch")),
      { code: expect.stringMatching(/^[A-Z_]+$/), text: expect.stringContaining("no answer") },
    ],
  ])("fails %s", async (_, make, expected) => {
    const found = await answered(make).call("hello");

    expect(found.failure).toMatchObject(expected);
    expect(found.server).toBe(found.failure?.server);
  });

  it("by hand keeps headers and trailers", async () => {
    const whole = await answered(() => body(answer("pod-a"), trailers("grpc-status: 0\r\nseen: yes\r\n"))).callWhole(
      "x",
    );

    expect(whole.headers).toContainEqual(["content-type", TYPE["content-type"]]);
    expect(whole.trailers).toContainEqual(["seen", "yes"]);
  });

  it.each([
    ["0af7651916cd43dd8448eb211c80319c", /^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/],
    ["", /^$/],
  ])("by hand is a part of the trace %s, below a new span", async (trace, header) => {
    const sent: string[] = [];
    const transport = createGrpcWebTransport({
      baseUrl: "http://page/call",
      fetch: async (_, init) => {
        sent.push(new Headers(init?.headers).get("traceparent") ?? "");
        return body(answer("pod-a"), trailers("grpc-status: 0\r\n"));
      },
    });

    await new Caller(transport).callWhole("x", trace);
    await new Caller(transport).callWhole("x", trace);

    expect(sent).toEqual([expect.stringMatching(header), expect.stringMatching(header)]);
    expect(new Set(sent).size).toBe(trace ? 2 : 1);
  });

  it("by hand keeps what comes with a failure", async () => {
    const failed = () => body(trailers("grpc-status: 8\r\ngrpc-message: full\r\nseen: yes\r\n"));

    const whole = await answered(failed).callWhole("x");

    expect(whole.failure?.code).toBe("RESOURCE_EXHAUSTED");
    expect(whole.trailers).toContainEqual(["seen", "yes"]);
  });
});

it("makes a new identity for each trace", () => {
  const made = Array.from({ length: 50 }, newTrace);

  expect(new Set(made).size).toBe(50);
  expect(made.every((each) => /^[0-9a-f]{32}$/.test(each))).toBe(true);
});

it("names codes as gRPC does", () => {
  expect([Code.Canceled, Code.DeadlineExceeded, Code.Unimplemented].map(codeName)).toEqual([
    "CANCELLED",
    "DEADLINE_EXCEEDED",
    "UNIMPLEMENTED",
  ]);
});

function pacer(rate: number, concurrency: number): Pacer {
  const made = new Pacer();
  made.pace = { rate, concurrency, message: "", traces: "" };
  return made;
}

describe("a pacer", () => {
  it("sends at its rate", () => {
    const fifty = pacer(50, 1000);
    let calls = 0;
    for (let now = 1000; now <= 3000; now += 20) {
      calls += fifty.take(now);
    }

    expect(calls).toBeGreaterThanOrEqual(100);
    expect(calls).toBeLessThanOrEqual(100 + 0.25 * 50 + 1);
  });

  it("sends nothing without a pace", () => {
    expect(new Pacer().take(1000)).toBe(0);
  });

  it("has no more in flight than allowed", () => {
    const two = pacer(100, 2);

    expect([two.take(1000), two.take(1100)]).toEqual([2, 0]);
    two.done();
    expect(two.take(1200)).toBe(1);
  });

  it("does not make up for a time in which it slept", () => {
    const fast = pacer(100, 1000);
    fast.take(1000);

    expect(fast.take(3_600_000)).toBeLessThanOrEqual(26);
  });
});

describe("latencies", () => {
  it("have a p99 from 500 calls on", () => {
    const latencies = new Latencies();
    for (let ms = 1; ms < 500; ms += 1) {
      latencies.add(ms);
    }
    expect(latencies.quantiles()).toEqual({ p50: 250, p99: null });
    latencies.add(500);
    expect(latencies.quantiles()).toEqual({ p50: 250, p99: 495 });
  });

  it("are those of the last 2,000 calls", () => {
    const latencies = new Latencies();
    for (let call = 0; call < 5000; call += 1) {
      latencies.add(call < 3000 ? 1000 : 1);
    }
    expect(latencies.quantiles()).toEqual({ p50: 1, p99: 1 });
  });
});

it("counts calls a second over whole seconds, and forgets old ones", () => {
  const rate = new Rate();
  for (let now = 10_000; now < 14_000; now += 50) {
    rate.add(now);
  }

  expect(rate.perSecond(14_000)).toBe(20);
  expect(rate.perSecond(60_000)).toBe(0);
  expect(new Rate().perSecond(1000)).toBeNull();
});

/** A page's side and a worker's side, without a thread in between. */
function together(callerTo: (path: string) => Caller): Dispatch & { crew: Crew } {
  const dispatch = new Dispatch((orders) => {
    for (const order of orders) {
      crew.take(order);
    }
  });
  const crew = new Crew(callerTo, (report) => dispatch.receive([report]));
  return Object.assign(dispatch, { crew });
}

describe("the worker", () => {
  it("calls at the pace that it is told, along each path for itself, and numbers the calls", async () => {
    const both = together((path) => answered(() => body(answer(`pod${path}`), trailers("grpc-status: 0\r\n"))));
    const back: unknown[] = [];
    for (const path of ["/a", "/b"]) {
      const pace = { rate: 10, concurrency: 2, message: "hello", traces: "" };
      new RemoteCaller(both, path).pace(pace, (seq, { server }) => back.push([seq, server]));
    }
    await settled();
    both.crew.tick(1000);
    both.crew.tick(1100);
    await settled();

    expect(back.sort()).toEqual([
      [0, "pod/a"],
      [0, "pod/b"],
      [1, "pod/a"],
      [1, "pod/b"],
    ]);
    new RemoteCaller(both, "/a").pace(null, () => {});
    await settled();
    both.crew.tick(5000);
    await settled();
    expect(back.length).toBe(6);
  });

  it("gives each call of a traced pace an identity that the page knows by the call's number", async () => {
    const sent: string[] = [];
    const both = together(() => {
      const transport = createGrpcWebTransport({
        baseUrl: "http://page/call",
        fetch: async (_, init) => {
          sent.push(new Headers(init?.headers).get("traceparent") ?? "");
          return body(answer("pod-a"), trailers("grpc-status: 0\r\n"));
        },
      });
      return new Caller(transport);
    });
    const traces = newTraces();
    const pace = { rate: 10, concurrency: 2, message: "hello", traces };
    const back: number[] = [];
    new RemoteCaller(both, "/a").pace(pace, (seq) => back.push(seq));
    await settled();
    both.crew.tick(1000);
    both.crew.tick(1100);
    await settled();

    expect(traces).toMatch(/^[0-9a-f]{16}$/);
    expect(back).toEqual([0, 1]);
    expect(sent.map((header) => header.split("-")[1])).toEqual(back.map((seq) => traceOf(traces, seq)));
    expect(new Set(sent.map((header) => header.length))).toEqual(new Set([55]));
  });

  it("makes a call by hand", async () => {
    const both = together(() => answered(() => body(answer("pod-a"), trailers("grpc-status: 0\r\nseen: yes\r\n"))));

    const whole = await new RemoteCaller(both, "/a").callWhole("x");

    expect(whole).toMatchObject({
      server: "pod-a",
      failure: null,
      trailers: expect.arrayContaining([["seen", "yes"]]),
    });
  });

  it("ends a stream when it is told to", async () => {
    const { open, watch } = streams();
    const both = together(() => ({ watch: (_: string, __: number, signal: AbortSignal) => watch(signal) }) as Caller);
    const watcher = new Watcher(
      (signal) => new RemoteCaller(both, "/a").watch("x", 10, signal),
      () => {},
    );
    watcher.keep(1);
    await settled();
    open[0]?.say("pod-a");
    await settled();
    watcher.keep(0);
    await settled();

    expect(open[0]?.signal.aborted).toBe(true);
    expect(watcher.rows.map(({ state, server }) => [state, server])).toEqual([["ended", "pod-a"]]);
  });
});

/** Streams that say what they are told to, and end when they are aborted. */
function streams() {
  const open: { say: (server: string) => void; fail: (reason: unknown) => void; signal: AbortSignal }[] = [];
  async function* watch(signal: AbortSignal): AsyncGenerator<string> {
    const said: (string | { reason: unknown })[] = [];
    let wake = () => {};
    const put = (one: string | { reason: unknown }) => {
      said.push(one);
      wake();
    };
    signal.addEventListener("abort", () => put({ reason: new Error("aborted") }));
    open.push({ say: put, fail: (reason) => put({ reason }), signal });
    for (;;) {
      const one = said.shift();
      if (typeof one === "string") {
        yield one;
      } else if (one) {
        throw one.reason;
      } else {
        await new Promise<void>((done) => {
          wake = done;
        });
      }
    }
  }
  return { open, watch };
}

const settled = () => new Promise((done) => setTimeout(done, 10));

describe("a watcher", () => {
  it("keeps streams open, and follows one that is ended by another", async () => {
    const { open, watch } = streams();
    const heard: string[] = [];
    const watcher = new Watcher(watch, (server) => heard.push(server));
    watcher.keep(2);
    await settled();
    open[0]?.say("pod-a");
    open[0]?.say("pod-a");
    await settled();
    const [first] = watcher.rows as [Row, ...Row[]];
    expect([open.length, first.server, first.answers, first.moves]).toEqual([2, "pod-a", 2, 0]);

    watcher.end(first.id);
    await settled();

    expect(open.length).toBe(3);
    expect(watcher.rows.map(({ state }) => state)).toEqual(["open", "open", "ended"]);
    expect(heard).toEqual(["pod-a", "pod-a"]);
    watcher.keep(0);
    await settled();
    expect(open.every(({ signal }) => signal.aborted)).toBe(true);
  });

  it("gives up where the server knows no streams, and says so", async () => {
    const refusing = new Caller(
      createGrpcWebTransport({
        baseUrl: "http://page/call",
        fetch: async () => new Response("", { headers: { ...TYPE, "grpc-status": "12" } }),
      }),
    );
    const remote = new RemoteCaller(
      together(() => refusing),
      "/call",
    );
    const watcher = new Watcher(
      (signal) => remote.watch("x", 10, signal),
      () => {},
    );
    watcher.keep(1);
    await settled();

    await vi.waitFor(() => expect(watcher.refused).toBe(true));
    expect(watcher.rows.map(({ failure }) => failure?.code)).toEqual(["UNIMPLEMENTED"]);
  });

  it("waits a little before it follows a stream that failed, says so of one that was answered, and keeps few rows", async () => {
    const { open, watch } = streams();
    const waits: number[] = [];
    const broken: string[] = [];
    const watcher = new Watcher(
      watch,
      () => {},
      ({ id, server, answers }, { code }) => broken.push(`${id} ${server} ${answers} ${code}`),
      async (ms) => {
        waits.push(ms);
      },
    );
    watcher.keep(1);
    for (let times = 0; times < 10; times += 1) {
      await settled();
      if (times === 3) {
        open.at(-1)?.say("pod-a");
      }
      open.at(-1)?.fail(new Failed({ code: "UNAVAILABLE", text: "", server: "" }));
    }
    await settled();

    expect(waits).toEqual(Array(10).fill(1000));
    expect(broken).toEqual(["4 pod-a 1 UNAVAILABLE"]); // one that was never answered is no event
    expect(watcher.rows.length).toBe(6);
    expect(watcher.rows[0]?.state).toBe("open");
    watcher.keep(0);
  });
});

it("reads lines, whole ones only, however they are cut", async () => {
  const parts = ['{"a":', "1}\n\n", '{"b":2}\n{"c"', ":3}"].map((part) => new TextEncoder().encode(part));
  const stream = new ReadableStream<Uint8Array>({
    start(control) {
      for (const part of parts) {
        control.enqueue(part);
      }
      control.close();
    },
  });

  const found: string[] = [];
  for await (const line of lines(stream)) {
    found.push(line);
  }
  expect(found).toEqual(['{"a":1}', '{"b":2}', '{"c":3}']);
});

it("sends an action as it was told of, without its words", () => {
  const [action] = understood({ actions: [{ action: "scale", pods: 4, label: "4 pods", command: "kubectl scale" }] });

  expect(action).toEqual({ label: "4 pods", command: "kubectl scale", request: { action: "scale", pods: 4 } });
});

it("refuses to be told of ways in another version", () => {
  expect(() => told({ v: 2, ways: [] })).toThrow("reload");
  expect(() => told(null)).toThrow();
  expect(told({ v: 1, ways: [], title: "t" })).toMatchObject({ servers: null, tolerance: 0.2, api: null });
});
