// One call by hand, with its message and its whole answer.

import { useState } from "preact/hooks";
import type { Whole } from "../calls/caller";
import type { RemoteCaller } from "../calls/remote";
import { newTrace } from "../calls/trace";
import type { Page } from "../model/page";
import type { Settings } from "../model/settings";
import { Badge } from "./shares";
import { latency } from "./words";

type Props = {
  readonly page: Page;
  readonly callers: ReadonlyMap<string, RemoteCaller>;
  readonly onSet: (change: Partial<Settings>) => void;
};

/** A call that was made: what came of it, and the identity of its trace ("": none). */
type Made = { readonly answer: Whole | null; readonly trace: string };

export function ByHand({ page, callers, onSet }: Props) {
  const [way, setWay] = useState(page.told.ways[0]?.name ?? "");
  const [made, setMade] = useState<Made | null>(null);
  const { traces } = page.told;
  const [busy, setBusy] = useState(false);
  const send = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    const trace = traces ? newTrace() : "";
    setMade({ answer: (await callers.get(way)?.callWhole(page.settings.message, trace)) ?? null, trace });
    setBusy(false);
  };
  return (
    <section class="byhand" aria-labelledby="byhand">
      <h2 id="byhand">One call by hand</h2>
      <form onSubmit={send}>
        <label class="choice">
          <span>along</span>
          <select value={way} onChange={(event) => setWay(event.currentTarget.value)}>
            {page.lanes.map(({ model: { way: each } }) => (
              <option key={each.name} value={each.name}>
                {each.label}
              </option>
            ))}
          </select>
        </label>
        <label class="choice wide">
          <span>message</span>
          <input
            type="text"
            maxLength={200}
            value={page.settings.message}
            onInput={(event) => onSet({ message: event.currentTarget.value })}
          />
        </label>
        <button type="submit" disabled={busy}>
          Call
        </button>
      </form>
      <div aria-live="polite">
        {made?.answer && <Shown answer={made.answer} page={page} />}
        {made?.answer && made.trace && (
          <p>
            <a href={`${traces}${made.trace}`} target="_blank" rel="noopener">
              Its trace
            </a>{" "}
            <span class="quiet">opens in another tab, once all have told their part</span>
          </p>
        )}
      </div>
    </section>
  );
}

function Shown({ answer, page }: { readonly answer: Whole; readonly page: Page }) {
  const { failure } = answer;
  return (
    <div class="answer">
      <p>
        {answer.server && <Badge name={answer.server} pods={page.pods} />}{" "}
        <strong class={`badge ${failure ? "bad" : "good"}`}>{failure ? failure.code : "OK"}</strong>{" "}
        {answer.server || "nobody signed it"}, {latency(answer.ms)} as seen from the browser
      </p>
      <dl>
        <dt>{failure ? "error" : "message"}</dt>
        <dd>{failure ? failure.text || "nothing was said" : answer.message || "(empty)"}</dd>
        {(
          [
            ["headers", answer.headers],
            ["trailers", answer.trailers],
          ] as const
        ).map(([name, found]) => (
          <Metadata key={name} name={name} found={found} />
        ))}
      </dl>
    </div>
  );
}

function Metadata({ name, found }: { readonly name: string; readonly found: Whole["headers"] }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{found.length ? found.map(([key, value]) => <code key={key}>{`${key}: ${value}`}</code>) : "none"}</dd>
    </>
  );
}
