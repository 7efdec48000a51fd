// Streams that are kept open: each is one call, so it stays with its pod. When one ends, the next takes its place.

import type { Failure } from "./failure";
import { Failed } from "./remote";

const AGAIN = 1000; // milliseconds until the next stream follows one that failed
const KEPT = 6; // rows that are shown of one way: the open ones, then the last that ended

/** One stream: who answers it, how often, since when (epoch, milliseconds), and how it ended. */
export type Row = {
  readonly id: number;
  server: string;
  answers: number;
  readonly since: number;
  state: "open" | "ended" | "failed";
  failure: Failure | null;
  moves: number; // to another pod within the stream: never seen of gRPC, and if it is, it must be seen
};

type Watch = (signal: AbortSignal) => AsyncIterable<string>;

export class Watcher {
  #rows: Row[] = [];
  #ends = new Map<number, AbortController>();
  #wanted = 0;
  #next = 1;
  #refused = false;

  constructor(
    private readonly watch: Watch,
    private readonly onAnswer: (server: string) => void,
    private readonly onBroken: (row: Row, failure: Failure) => void = () => {},
    private readonly wait: (ms: number) => Promise<void> = (ms) => new Promise((done) => setTimeout(done, ms)),
  ) {}

  /** The open streams first, then those that ended, the newest first. */
  get rows(): readonly Row[] {
    return this.#rows;
  }

  /** True when the server knows no streams: then no further one is tried until the number is set anew. */
  get refused(): boolean {
    return this.#refused;
  }

  /** Keeps so many streams open; ends those that are too many. */
  keep(streams: number): void {
    this.#wanted = streams;
    this.#refused = false;
    const open = [...this.#ends.keys()];
    open.slice(streams).forEach((id) => {
      this.end(id);
    });
    for (let missing = streams - open.length; missing > 0; missing -= 1) {
      void this.#run();
    }
  }

  /** Ends one stream; another takes its place. */
  end(id: number): void {
    this.#ends.get(id)?.abort();
  }

  async #run(): Promise<void> {
    const row: Row = {
      id: this.#next++,
      server: "",
      answers: 0,
      since: Date.now(),
      state: "open",
      failure: null,
      moves: 0,
    };
    const end = new AbortController();
    this.#ends.set(row.id, end);
    this.#keep(row);
    try {
      for await (const server of this.watch(end.signal)) {
        this.#answered(row, server);
      }
      row.state = "ended";
    } catch (reason) {
      row.failure = end.signal.aborted ? null : why(reason);
      row.state = row.failure ? "failed" : "ended";
    }
    this.#ends.delete(row.id);
    this.#keep();
    await this.#follow(row);
  }

  #answered(row: Row, server: string): void {
    row.moves += Number(row.server !== "" && row.server !== server);
    row.server = server;
    row.answers += 1;
    this.onAnswer(server);
  }

  async #follow(row: Row): Promise<void> {
    if (row.failure?.code === "UNIMPLEMENTED") {
      this.#refused = true;
      return;
    }
    if (row.failure) {
      if (row.answers) {
        this.onBroken(row, row.failure);
      }
      await this.wait(AGAIN);
    }
    if (this.#ends.size < this.#wanted && !this.#refused) {
      void this.#run();
    }
  }

  #keep(row?: Row): void {
    const rows = row ? [row, ...this.#rows] : this.#rows;
    const rank = (one: Row) => (one.state === "open" ? one.id : 1e12 - one.id);
    this.#rows = [...rows].sort((one, other) => rank(one) - rank(other)).slice(0, KEPT);
  }
}

function why(reason: unknown): Failure {
  return reason instanceof Failed ? reason.failure : { code: "UNKNOWN", text: String(reason), server: "" };
}
