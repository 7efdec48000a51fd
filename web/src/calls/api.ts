// What only the page of a local `lbdemo ui` has: the cluster's events, and buttons that change it.

import type { Api } from "./ways";

/** What may be done: `request` is sent as it is, `command` is what it runs. */
export type Action = { readonly label: string; readonly command: string; readonly request: Record<string, unknown> };

/** What came of it. */
export type Done = { readonly command: string; readonly ok: boolean; readonly text: string };

/** `at` in seconds of the epoch. */
export type ClusterEvent = { readonly at: number; readonly kind: string; readonly pod: string; readonly text: string };

const TOKEN = "X-Lbdemo-Token";
const SHOWN = ["label", "title", "command", "text"]; // of an action's record; the rest is the request

/** The actions that can be taken; a page for reading only has none. */
export async function actions(api: Api): Promise<Action[]> {
  const answer = await fetch(`${api.path}/actions`, { headers: { [TOKEN]: api.token }, cache: "no-store" });
  if (!answer.ok) {
    throw new Error(`${api.path}/actions: HTTP ${answer.status}`);
  }
  return understood(await answer.json());
}

/** Reads a list of actions: `{"action", …, "label", "command"}`. */
export function understood(record: unknown): Action[] {
  const list = Array.isArray(record) ? record : ((record as { actions?: unknown[] } | null)?.actions ?? []);
  return (list as Record<string, unknown>[]).map((each) => ({
    label: String(each.label ?? each.title ?? each.action),
    command: String(each.command ?? ""),
    request: Object.fromEntries(Object.entries(each).filter(([name]) => !SHOWN.includes(name))),
  }));
}

/** Does it, and says what came of it; whatever goes wrong is said, too. */
export async function act(api: Api, action: Action): Promise<Done> {
  try {
    const answer = await fetch(`${api.path}/actions`, {
      method: "POST",
      headers: { [TOKEN]: api.token, "Content-Type": "application/json" },
      body: JSON.stringify(action.request),
    });
    const text = await answer.text();
    return answer.ok
      ? (JSON.parse(text) as Done)
      : { command: action.command, ok: false, text: text || `HTTP ${answer.status}` };
  } catch (reason) {
    return { command: action.command, ok: false, text: String(reason) };
  }
}

/** The cluster's events as they come; it ends, or throws, when the stream does. */
export async function* events(api: Api, signal: AbortSignal): AsyncGenerator<ClusterEvent> {
  const answer = await fetch(`${api.path}/events`, { headers: { [TOKEN]: api.token }, signal, cache: "no-store" });
  if (!answer.ok || !answer.body) {
    throw new Error(`${api.path}/events: HTTP ${answer.status}`);
  }
  for await (const line of lines(answer.body)) {
    yield JSON.parse(line) as ClusterEvent;
  }
}

/** The lines of a stream; empty ones, which keep it open, are left out. */
export async function* lines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const [reader, decoder] = [body.getReader(), new TextDecoder()];
  let rest = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const found = (rest + decoder.decode(part.value, { stream: true })).split("\n");
    rest = found.pop() ?? "";
    yield* found.filter((line) => line.trim());
  }
  if (rest.trim()) {
    yield rest;
  }
}
