// The page as it is seen.

import { useEffect, useState } from "preact/hooks";
import type { RemoteCaller } from "../calls/remote";
import type { Page } from "../model/page";
import { type Settings, toAddress } from "../model/settings";
import { Actions } from "./actions";
import { ByHand } from "./byhand";
import { Controls } from "./controls";
import { Happenings } from "./happenings";
import { together } from "./together";
import { headline, WayView } from "./way";

const LEADS = {
  unary: "Each square is a call of this browser, coloured by the pod that answered it.",
  stream: "Each row is one call of this browser, a stream: it stays with its pod, and the next may go to another.",
};
const SHOWN_EVERY = 250; // milliseconds: twice the grids' beat, so that they share frames

type Props = {
  readonly page: Page;
  readonly callers: ReadonlyMap<string, RemoteCaller>;
  readonly changed: () => number;
};

export function App({ page, callers, changed }: Props) {
  const [, show] = useState(0);
  useEffect(() => together(SHOWN_EVERY, () => show((times) => times + 1)), []);
  const set = (change: Partial<Settings>) => {
    page.set(change);
    history.replaceState(null, "", `${location.pathname}${location.search}${toAddress(page.settings)}`);
    show((times) => times + 1);
  };
  const { api } = page.told;
  return (
    <>
      <header>
        <h1>
          lbdemo <span class="where">{page.told.title}</span>
        </h1>
        <p class="lead">{LEADS[page.settings.mode]}</p>
        <Controls page={page} onSet={set} />
      </header>
      <p class="heard" role="status">
        {page.lanes.map((lane) => `${lane.model.way.name}: ${headline(lane)}`).join(". ")}
      </p>
      <main>
        <div class="ways">
          {page.lanes.map((lane) => (
            <WayView key={lane.model.way.name} lane={lane} page={page} />
          ))}
        </div>
        <div class="rest">
          <Happenings all={page.timeline.all} pods={page.pods} />
          <ByHand page={page} callers={callers} onSet={set} />
          {api && !api.readOnly && <Actions api={api} changed={changed()} />}
        </div>
      </main>
    </>
  );
}
