// What happened, the newest first; only the last of it.

const KEPT = 100;

/** `at` in milliseconds of the epoch; `source` is who says so: the answers, or Kubernetes. */
export type Happening = {
  readonly id: number;
  readonly at: number;
  readonly kind: string;
  readonly source: "answers" | "Kubernetes";
  readonly pod: string;
  readonly text: string;
};

export class Timeline {
  #happenings: readonly Happening[] = [];
  #next = 1;

  get all(): readonly Happening[] {
    return this.#happenings;
  }

  /** Puts it where its time is; what is told a second time, as after a break, stays as it was. */
  add(happening: Omit<Happening, "id">): void {
    const { at, kind, text } = happening;
    if (this.#happenings.some((known) => known.at === at && known.kind === kind && known.text === text)) {
      return;
    }
    const all = [{ ...happening, id: this.#next++ }, ...this.#happenings];
    this.#happenings = all.sort((one, other) => other.at - one.at || other.id - one.id).slice(0, KEPT);
  }
}
