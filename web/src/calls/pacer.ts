// When the next call is due: so many a second, so many in flight at most. What cannot be sent in time is left out, not
// made up for: a page that was asleep must not come back with a burst.

const LONGEST_DEBT = 250; // milliseconds: calls that are due longer than this are left out

export class Pacer {
  #due = 0;
  #inFlight = 0;

  constructor(
    public rate: number,
    public concurrency: number,
  ) {}

  get inFlight(): number {
    return this.#inFlight;
  }

  /** How many calls to send now (milliseconds on a monotonic clock); they count as in flight. */
  take(now: number): number {
    const step = 1000 / this.rate;
    this.#due = Math.max(this.#due, now - LONGEST_DEBT);
    let calls = 0;
    while (this.#due <= now && this.#inFlight < this.concurrency) {
      this.#due += step;
      this.#inFlight += 1;
      calls += 1;
    }
    return calls;
  }

  /** A call is back. */
  done(): void {
    this.#inFlight -= 1;
  }
}
