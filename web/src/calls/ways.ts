// What the page is told when it opens: the ways to the servers, and how they are judged.

export type Expected = "PINNED" | "BALANCED";

/** Calls go to `path`/message.Echo/…; `expects` is the verdict that belongs to this way. */
export type Way = { readonly name: string; readonly label: string; readonly path: string; readonly expects: string };

/** Where a cluster's events and actions are; a page that some Envoy serves has none. */
export type Api = { readonly path: string; readonly token: string; readonly readOnly: boolean };

/**
 * `servers` is how many should answer, null where that may change; `traces` is where a call's trace is shown, by its
 * identity, null where calls are not traced.
 */
export type Told = {
  readonly title: string;
  readonly ways: readonly Way[];
  readonly servers: number | null;
  readonly tolerance: number;
  readonly alpha: number;
  readonly api: Api | null;
  readonly traces: string | null;
};

const VERSION = 1;

/** Reads it; throws an Error with a sentence for people when it cannot be understood. */
export function told(record: unknown): Told {
  const found = record as Partial<Told & { v: number }> | null;
  if (found?.v !== VERSION || !Array.isArray(found.ways)) {
    throw new Error("what is told of the ways is of another version than this page: reload it");
  }
  return {
    title: found.title ?? "",
    ways: found.ways,
    servers: found.servers ?? null,
    tolerance: found.tolerance ?? 0.2,
    alpha: found.alpha ?? 0.001,
    api: found.api ?? null,
    traces: found.traces ?? null,
  };
}

/** Asks for it. */
export async function askTold(): Promise<Told> {
  const answer = await fetch("ways.json", { cache: "no-store" });
  if (!answer.ok) {
    throw new Error(`ways.json: HTTP ${answer.status}`);
  }
  return told(await answer.json());
}
