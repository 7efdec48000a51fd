// Where the worker begins.

import { Caller, transportTo } from "./caller";
import { Crew } from "./crew";
import { type Order, Outbox, type Report } from "./wire";

const TICK = 10; // milliseconds between two looks at what is due
const TOGETHER = 50; // milliseconds

const reports = new Outbox<Report>((batch) => postMessage(batch), TOGETHER);
const crew = new Crew(
  (path) => new Caller(transportTo(path)),
  (report) => reports.put(report),
);

addEventListener("message", (event: MessageEvent<Order[]>) => {
  for (const order of event.data) {
    crew.take(order);
  }
});
setInterval(() => crew.tick(performance.now()), TICK);
