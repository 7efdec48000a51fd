// Calls along one way, by gRPC-Web.

import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { Echo } from "../gen/echo_pb";
import { type Failure, failure } from "./failure";
import { traceparent } from "./trace";

export const DEADLINE = 5000; // milliseconds

/** One call: who signed it ("" for nobody), how long it took in milliseconds, and its failure, if it failed. */
export type Answer = {
  readonly server: string;
  readonly ms: number;
  readonly message: string;
  readonly failure: Failure | null;
};

/** An answer with all that came along. */
export type Whole = Answer & {
  readonly headers: readonly (readonly [string, string])[];
  readonly trailers: readonly (readonly [string, string])[];
};

/** The browser's own transport for a way. */
export function transportTo(path: string): Transport {
  return createGrpcWebTransport({ baseUrl: path, defaultTimeoutMs: DEADLINE });
}

export class Caller {
  readonly #client: Client<typeof Echo>;
  readonly #now: () => number;

  constructor(transport: Transport, now: () => number = () => performance.now()) {
    this.#client = createClient(Echo, transport);
    this.#now = now;
  }

  /** Calls once, as a part of the trace of this identity, if there is one; a failure is an answer, too. */
  async call(message: string, trace = ""): Promise<Answer> {
    const sent = this.#now();
    try {
      const response = await this.#client.echoMessage({ message }, { headers: identity(trace) });
      return { server: response.serverID, ms: this.#now() - sent, message: response.message, failure: null };
    } catch (reason) {
      return failed(failure(reason), this.#now() - sent);
    }
  }

  /** Calls once, and keeps headers and trailers; as a part of the trace of this identity, if there is one. */
  async callWhole(message: string, trace = ""): Promise<Whole> {
    const [headers, trailers] = [new Headers(), new Headers()];
    const sent = this.#now();
    const keep = {
      headers: identity(trace),
      onHeader: (found: Headers) => copy(found, headers),
      onTrailer: (found: Headers) => copy(found, trailers),
    };
    const rest = () => ({ headers: [...headers], trailers: [...trailers] });
    try {
      const response = await this.#client.echoMessage({ message }, keep);
      const ms = this.#now() - sent;
      return { server: response.serverID, ms, message: response.message, failure: null, ...rest() };
    } catch (reason) {
      copy((reason as { metadata?: Headers }).metadata ?? new Headers(), trailers);
      return { ...failed(failure(reason), this.#now() - sent), ...rest() };
    }
  }

  /** The answers of one stream, until it ends, fails (it throws what the library throws), or is aborted. */
  async *watch(message: string, intervalMs: number, signal: AbortSignal): AsyncGenerator<string> {
    const answers = this.#client.watchEcho({ message, intervalMs }, { signal, timeoutMs: 0 });
    for await (const answer of answers) {
      yield answer.serverID;
    }
  }
}

function identity(trace: string): Record<string, string> {
  return trace ? { traceparent: traceparent(trace) } : {};
}

function failed(why: Failure, ms: number): Answer {
  return { server: why.server, ms, message: "", failure: why };
}

function copy(from: Headers, to: Headers): void {
  from.forEach((value, key) => {
    to.set(key, value);
  });
}
