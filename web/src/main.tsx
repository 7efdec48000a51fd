// Where the page begins.

import { render } from "preact";
import { events } from "./calls/api";
import { Caller, transportTo } from "./calls/caller";
import { type Api, askTold, type Told } from "./calls/ways";
import { Page } from "./model/page";
import { fromAddress } from "./model/settings";
import { App } from "./view/app";

const TICK = 20; // milliseconds between two looks at what is due
const LOOK = 1000;
const AGAIN = 2000; // milliseconds until a stream of events that broke is asked for anew

async function begin(root: Element): Promise<void> {
  try {
    show(root, await askTold());
  } catch (reason) {
    render(<p class="broken">The page cannot begin: {String(reason)}. Reload it when its server is back.</p>, root);
  }
}

function show(root: Element, told: Told): void {
  const callers = new Map(told.ways.map((way) => [way.name, new Caller(transportTo(way.path))]));
  const page = new Page(told, fromAddress(location.hash), (way) => callers.get(way.name) as Caller);
  document.title = told.title ? `${told.title}: lbdemo` : "lbdemo";
  let changed = 0;
  render(<App page={page} callers={callers} changed={() => changed} />, root);
  setInterval(() => page.tick(), TICK);
  setInterval(() => page.look(), LOOK);
  page.hide(document.hidden);
  document.addEventListener("visibilitychange", () => page.hide(document.hidden));
  addEventListener("hashchange", () => page.set(fromAddress(location.hash)));
  if (told.api) {
    void follow(told.api, page, () => {
      changed += 1;
    });
  }
}

/** Puts the cluster's events on the time line, for as long as the page is open. */
async function follow(api: Api, page: Page, onChange: () => void): Promise<void> {
  for (;;) {
    try {
      for await (const { at, kind, pod, text } of events(api, new AbortController().signal)) {
        page.timeline.add({
          at: at * 1000,
          kind: kind.replaceAll("-", " "),
          source: "Kubernetes",
          pod: pod ?? "",
          text,
        });
        onChange();
        askTold().then(
          ({ servers }) => page.expect(servers),
          () => {},
        );
      }
    } catch {
      // the server is away, or was started anew
    }
    await new Promise((done) => setTimeout(done, AGAIN));
  }
}

const root = document.getElementById("page");
if (root) {
  void begin(root);
}
