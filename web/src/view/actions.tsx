// Buttons that change the cluster, each with the command that it runs: only in the page of a local `lbdemo ui`.

import { Fragment } from "preact";
import { useEffect, useState } from "preact/hooks";
import { type Action, act, actions, type Done } from "../calls/api";
import type { Api } from "../calls/ways";

const AGAIN = 2000; // milliseconds until a list that could not be read is asked for anew

export function Actions({ api, changed }: { readonly api: Api; readonly changed: number }) {
  const [all, setAll] = useState<readonly Action[]>([]);
  const [unread, setUnread] = useState("");
  const [tried, setTried] = useState(0);
  const [done, setDone] = useState<Done | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    let latest = true;
    let later = 0;
    actions(api).then(
      (read) => {
        if (latest) {
          setAll(read);
          setUnread("");
        }
      },
      (reason: unknown) => {
        if (latest) {
          setUnread(String(reason));
          later = window.setTimeout(() => setTried(tried + 1), AGAIN);
        }
      },
    );
    return () => {
      latest = false;
      clearTimeout(later);
    };
  }, [api, changed, tried]);
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
        {unread && <p class="unread">What can be done now could not be read, and is asked for again: {unread}</p>}
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
