// Where the page begins.

import { render } from "preact";
import { events } from "./calls/api";
import { Dispatch, RemoteCaller } from "./calls/remote";
import { type Api, askTold, type Told } from "./calls/ways";
import type { Report } from "./calls/wire";
import { Page } from "./model/page";
import { fromAddress } from "./model/settings";
import { App } from "./view/app";

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
  const dispatch = hire();
  const callers = new Map(told.ways.map((way) => [way.name, new RemoteCaller(dispatch, absolute(way.path))]));
  const page = new Page(told, fromAddress(location.hash), (way) => callers.get(way.name) as RemoteCaller);
  document.title = told.title ? `${told.title}: lbdemo` : "lbdemo";
  let changed = 0;
  render(<App page={page} callers={callers} changed={() => changed} />, root);
  let known = 0;
  setInterval(() => {
    page.look();
    if (changed !== known) {
      known = changed;
      askTold().then(
        (again) => page.retell(again),
        () => {
          known = -1; // asked for again at the next look
        },
      );
    }
  }, LOOK);
  page.hide(document.hidden);
  document.addEventListener("visibilitychange", () => page.hide(document.hidden));
  addEventListener("hashchange", () => page.set(fromAddress(location.hash)));
  if (told.api) {
    void follow(told.api, page, () => {
      changed += 1;
    });
  }
}

/** The worker that makes the calls. */
function hire(): Dispatch {
  const worker = new Worker("calls.js", { type: "module" });
  const dispatch = new Dispatch((batch) => worker.postMessage(batch));
  worker.addEventListener("message", (event: MessageEvent<Report[]>) => dispatch.receive(event.data));
  return dispatch;
}

function absolute(path: string): string {
  return new URL(path, location.href).href.replace(/\/$/, "");
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
