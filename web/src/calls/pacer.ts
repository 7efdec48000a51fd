// When the next call is due: so many a second, so many in flight at most. What cannot be sent in time is left out, not
// made up for: a page that was asleep must not come back with a burst.

import type { Pace } from "./wire";

const LONGEST_DEBT = 250; // milliseconds: calls that are due longer than this are left out

export class Pacer {
  pace: Pace = null;
  #due = 0;
  #inFlight = 0;

  /** How many calls to send now (milliseconds on a monotonic clock); they count as in flight. */
  take(now: number): number {
    let calls = 0;
    if (this.pace) {
      this.#due = Math.max(this.#due, now - LONGEST_DEBT);
      while (this.#due <= now && this.#inFlight < this.pace.concurrency) {
        this.#due += 1000 / this.pace.rate;
        this.#inFlight += 1;
        calls += 1;
      }
    }
    return calls;
  }

  /** A call is back. */
  done(): void {
    this.#inFlight -= 1;
  }
}
