// The streams of one way: a row is one call, and keeps one colour.

import type { Row, Watcher } from "../calls/watcher";
import type { Pods } from "../model/pods";
import { colour } from "./palette";
import { Badge } from "./shares";
import { count, number } from "./words";

const LONGEST = 60; // answers that are drawn of a row

export function Streams({ watcher, pods }: { readonly watcher: Watcher; readonly pods: Pods }) {
  return (
    <div class="streams">
      {watcher.refused && <p class="note">These servers know no streams (UNIMPLEMENTED): no further one is tried.</p>}
      <ul>
        {watcher.rows.map((row) => (
          <li key={row.id} class={row.state === "open" ? "stream" : "stream faded"}>
            <Badge name={row.server} pods={pods} />
            <span class="name">
              stream {row.id}: {row.server || "no answer yet"}
            </span>
            <Beads row={row} pods={pods} />
            <span class="values">{state(row)}</span>
            {row.state === "open" && (
              <button type="button" onClick={() => watcher.end(row.id)} aria-label={`End stream ${row.id}`}>
                End
              </button>
            )}
          </li>
        ))}
      </ul>
      {!watcher.rows.length && <p class="quiet">No stream is open.</p>}
    </div>
  );
}

function Beads({ row, pods }: { readonly row: Row; readonly pods: Pods }) {
  const pod = pods.get(row.server);
  const width = `${(Math.min(row.answers, LONGEST) / LONGEST) * 100}%`;
  return (
    <span class="beads" aria-hidden="true">
      <span class="fill" style={{ width, background: pod ? colour(pod.slot) : "transparent" }} />
    </span>
  );
}

function state(row: Row): string {
  const answers = count(row.answers, "answer");
  const moves = row.moves ? `, moved ${number(row.moves)} times` : "";
  if (row.failure) {
    return `${answers}${moves}, then ${row.failure.code}: ${row.failure.text}`;
  }
  return `${answers}${moves}, ${row.state}`;
}
