// Bars of shares: what each pod answered, what its share may stand for, and what is fair.

import type { Share } from "../measure/judge";
import type { Pods } from "../model/pods";
import { colour, ink } from "./palette";
import { count, percent } from "./words";

type Props = {
  readonly shares: readonly Share[];
  readonly pods: Pods;
  readonly tolerance: number;
  readonly silent: (pod: string) => boolean;
};

export function Shares({ shares, pods, tolerance, silent }: Props) {
  return (
    <ul class="shares">
      {[...shares].sort(byLetter(pods)).map((share) => (
        <li key={share.server} class={silent(share.server) ? "share faded" : "share"}>
          <Badge name={share.server} pods={pods} />
          <span class="name" title={share.server}>
            {share.server}
            {silent(share.server) && <em> silent</em>}
          </span>
          <Bar share={share} slot={pods.get(share.server)?.slot} tolerance={tolerance} />
          <span class="values">
            {percent(share.share)} <span class="quiet">{count(share.calls, "call")}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}

/** In the order of the letters; who has none comes last. */
function byLetter(pods: Pods): (one: Share, other: Share) => number {
  const slot = (share: Share) => pods.get(share.server)?.slot ?? Number.MAX_SAFE_INTEGER;
  return (one, other) => slot(one) - slot(other);
}

/** A pod's letter on its colour. */
export function Badge({ name, pods }: { readonly name: string; readonly pods: Pods }) {
  const pod = pods.get(name);
  if (!pod) {
    return <span class="letter nobody">–</span>;
  }
  return (
    <span class="letter" style={{ background: colour(pod.slot), color: ink(pod.slot) }}>
      {pod.letter}
    </span>
  );
}

function part(of: number): string {
  return `${(of * 100).toFixed(2)}%`;
}

function Bar({ share, slot, tolerance }: { share: Share; slot: number | undefined; tolerance: number }) {
  const { expected, low, high } = share;
  const band = { left: part(expected * (1 - tolerance)), width: part(expected * 2 * tolerance) };
  const fill = { width: part(share.share), background: slot === undefined ? "transparent" : colour(slot) };
  return (
    <span class="bar" aria-hidden="true">
      {expected > 0 && <span class="band" style={band} />}
      <span class="fill" style={fill} />
      <span class="whisker" style={{ left: part(low), width: part(high - low) }} />
      {expected > 0 && <span class="fair" style={{ left: part(expected) }} />}
    </span>
  );
}
