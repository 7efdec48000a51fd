// The page without its looks: sends calls along all ways as the settings say, and keeps what comes back.

import type { Answer } from "../calls/caller";
import type { Failure } from "../calls/failure";
import { type Row, Watcher } from "../calls/watcher";
import type { Told, Way } from "../calls/ways";
import type { Pace } from "../calls/wire";
import { podCell } from "./cells";
import { Pods } from "./pods";
import type { Change } from "./presence";
import type { Settings } from "./settings";
import { Timeline } from "./timeline";
import { WayModel } from "./way";

/** What the page needs of a caller. */
export type Calls = {
  pace(pace: Pace, back: (seq: number, answer: Answer) => void): void;
  watch(message: string, intervalMs: number, signal: AbortSignal): AsyncIterable<string>;
};

const ALIVE = 5000; // milliseconds: a way without answers for longer than others does not know who is there
const WORDS = { new: "answers for the first time", silent: "has fallen silent", again: "answers again" };

/** One way with what makes its calls. */
export type Lane = {
  readonly model: WayModel;
  readonly watcher: Watcher;
  readonly calls: Calls;
};

export class Page {
  readonly pods = new Pods((slot) => this.#forget(slot));
  readonly timeline = new Timeline();
  readonly lanes: readonly Lane[];
  #settings: Settings;
  #hidden = false;
  #servers: number | null;

  constructor(
    readonly told: Told,
    settings: Settings,
    callsAlong: (way: Way) => Calls,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#settings = settings;
    this.#servers = told.servers;
    this.lanes = told.ways.map((way) => this.#lane(way, callsAlong(way)));
    this.#apply();
  }

  get settings(): Settings {
    return this.#settings;
  }

  /** Hidden pages make no calls: the browser would let them run only now and then. */
  get hidden(): boolean {
    return this.#hidden;
  }

  get running(): boolean {
    return !this.#settings.paused && !this.#hidden;
  }

  set(change: Partial<Settings>): void {
    this.#settings = { ...this.#settings, ...change };
    this.#apply();
  }

  hide(hidden: boolean): void {
    this.#hidden = hidden;
    this.#apply();
  }

  /** What the page was told when it opened has changed: how many servers there are, what each way should come to. */
  retell({ servers, ways }: Told): void {
    this.#servers = servers;
    for (const { model } of this.lanes) {
      model.way = ways.find(({ name }) => name === model.way.name) ?? model.way;
    }
    this.#count();
  }

  /** Looks who has fallen silent, and how the calls are spread so far: about once a second. */
  look(): void {
    const now = this.now();
    for (const { model } of this.lanes) {
      for (const change of model.silenced(now)) {
        this.#tell(model, change);
      }
      model.running = model.trial.running() ?? model.running;
    }
    this.#count();
  }

  #back(model: WayModel, seq: number, answer: Answer): void {
    const change = model.back(seq, answer, this.now());
    if (change) {
      this.#tell(model, change);
      this.#count();
    }
  }

  #lane(way: Way, calls: Calls): Lane {
    const model = new WayModel(way, this.pods, this.told, this.#servers ?? 0);
    const watcher = new Watcher(
      (signal) => calls.watch(this.#settings.message, this.#settings.interval, signal),
      (server) => model.streamed(server, this.now()),
      (row, failure) => this.#broken(model, row, failure),
    );
    return { model, watcher, calls };
  }

  #apply(): void {
    const { rate, concurrency, message, mode, streams } = this.#settings;
    const calling = this.running && mode === "unary";
    for (const { model, calls, watcher } of this.lanes) {
      const traces = this.told.traces === null ? "" : model.traces;
      const pace = calling ? { rate, concurrency, message, traces } : null;
      calls.pace(pace, (seq, answer) => this.#back(model, seq, answer));
      watcher.keep(this.running && mode === "stream" ? streams : 0);
    }
  }

  /** How many servers are expected: as told, else those that answer along any way. */
  #count(): void {
    const last = Math.max(...this.lanes.map(({ model }) => model.presence.last));
    const alive = this.lanes.filter(({ model }) => model.presence.last > last - ALIVE);
    const present = new Set(alive.flatMap(({ model }) => model.presence.present));
    for (const { model } of this.lanes) {
      model.trial.expect(this.#servers ?? present.size);
    }
  }

  #tell(model: WayModel, { kind, pod }: Change): void {
    const text = `${pod} ${WORDS[kind]} (${model.way.name})`;
    this.timeline.add({ at: Date.now(), kind: `${kind} pod`, source: "answers", pod, text });
  }

  /** A stream whose end nobody here asked for, such as that of a pod that leaves. */
  #broken(model: WayModel, { id, server, answers }: Row, { code }: Failure): void {
    const whose = server ? `stream ${id} with ${server}` : `stream ${id}`;
    const text = `${whose}: ${code} after ${answers} ${answers === 1 ? "answer" : "answers"} (${model.way.name}); the next one opens`;
    this.timeline.add({ at: Date.now(), kind: "stream broke", source: "answers", pod: server, text });
  }

  #forget(slot: number): void {
    for (const { model } of this.lanes) {
      model.cells.forget(podCell(slot));
    }
  }
}
