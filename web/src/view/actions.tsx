// Buttons that change the cluster, each with the command that it runs: only in the page of a local `lbdemo ui`.

import { Fragment } from "preact";
import { useEffect, useState } from "preact/hooks";
import { type Action, act, actions, type Done } from "../calls/api";
import type { Api } from "../calls/ways";

export function Actions({ api, changed }: { readonly api: Api; readonly changed: number }) {
  const [all, setAll] = useState<readonly Action[]>([]);
  const [done, setDone] = useState<Done | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    actions(api).then(setAll, (reason: unknown) => setDone({ command: "", ok: false, text: String(reason) }));
  }, [api, changed]);
  const run = async (action: Action) => {
    setBusy(true);
    setDone(await act(api, action));
    setBusy(false);
  };
  return (
    <section class="actions" aria-labelledby="actions">
      <h2 id="actions">Change the cluster</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who uses the keyboard scrolls it, too */}
      <ul tabIndex={0} aria-label="What can be done, with the command that does it">
        {all.map((action) => (
          <li key={JSON.stringify(action.request)}>
            <button type="button" disabled={busy} onClick={() => run(action)}>
              {action.label}
            </button>
            <Command text={action.command} />
          </li>
        ))}
      </ul>
      <div aria-live="polite">
        {done && (
          <p class="done">
            <strong class={`badge ${done.ok ? "good" : "bad"}`}>{done.ok ? "done" : "failed"}</strong>{" "}
            <Command text={done.command} /> {done.text}
          </p>
        )}
      </div>
    </section>
  );
}

function Command({ text }: { readonly text: string }) {
  return (
    <code class="command">
      {text.split(" ").map((word, at) => (
        <Fragment key={at}>
          {at > 0 && " "}
          <span>{word}</span>
        </Fragment>
      ))}
    </code>
  );
}
