// What a person has chosen; it stands in the address, so that it can be passed on.

export type Mode = "unary" | "stream";

/** `rate` in calls a second and `concurrency` in calls in flight, for each way; `streams` open ones, for each way. */
export type Settings = {
  readonly rate: number;
  readonly concurrency: number;
  readonly mode: Mode;
  readonly streams: number;
  readonly interval: number;
  readonly cells: number;
  readonly paused: boolean;
  readonly message: string;
};

export const RATES = [1, 5, 10, 20, 50, 100] as const;
export const CONCURRENCIES = [1, 2, 3] as const; // a browser has six connections to one origin, all ways share them
export const STREAMS = [1, 2] as const;
export const INTERVALS = [100, 200, 500, 1000] as const; // milliseconds between two answers of a stream
export const CELLS = [400, 2500, 10_000] as const;
const LONGEST_MESSAGE = 200;

export const DEFAULTS: Settings = {
  rate: 50,
  concurrency: 2,
  mode: "unary",
  streams: 2,
  interval: 200,
  cells: 400,
  paused: false,
  message: "hello",
};

/** What an address (its part behind #) says; what it does not say, or says wrongly, is as by default. */
export function fromAddress(hash: string): Settings {
  const said = new URLSearchParams(hash.replace(/^#/, ""));
  const one = <T extends number>(name: keyof Settings, of: readonly T[], otherwise: number) =>
    of.find((value) => String(value) === said.get(name)) ?? otherwise;
  return {
    rate: one("rate", RATES, DEFAULTS.rate),
    concurrency: one("concurrency", CONCURRENCIES, DEFAULTS.concurrency),
    mode: said.get("mode") === "stream" ? "stream" : "unary",
    streams: one("streams", STREAMS, DEFAULTS.streams),
    interval: one("interval", INTERVALS, DEFAULTS.interval),
    cells: one("cells", CELLS, DEFAULTS.cells),
    paused: said.get("paused") === "true",
    message: (said.get("message") ?? DEFAULTS.message).slice(0, LONGEST_MESSAGE),
  };
}

/** The part behind #: only what is not as by default; "" when all is. */
export function toAddress(settings: Settings): string {
  const said = new URLSearchParams();
  for (const [name, value] of Object.entries(settings)) {
    if (value !== DEFAULTS[name as keyof Settings]) {
      said.set(name, String(value));
    }
  }
  const text = said.toString();
  return text ? `#${text}` : "";
}
