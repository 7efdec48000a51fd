// The time line of events.

import type { Pods } from "../model/pods";
import type { Happening } from "../model/timeline";
import { Badge } from "./shares";
import { clock } from "./words";

export function Happenings({ all, pods }: { readonly all: readonly Happening[]; readonly pods: Pods }) {
  return (
    <section class="happenings" aria-labelledby="happenings">
      <h2 id="happenings">What happened</h2>
      {all.length === 0 && <p class="quiet">Nothing yet: pods that come, fall silent or go are told here.</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who uses the keyboard scrolls it, too */}
      <ol tabIndex={0} aria-label="Events, the newest first">
        {all.map((each) => (
          <li key={each.id} class={each.kind.replace(/\W+/g, "-")}>
            <time dateTime={new Date(each.at).toISOString()}>{clock(each.at)}</time>
            <Badge name={each.pod} pods={pods} />
            <span class="kind">{each.kind}</span>
            <span>{each.text}</span>
            <span class="quiet">{each.source === "answers" ? "seen in the answers" : "said by Kubernetes"}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
