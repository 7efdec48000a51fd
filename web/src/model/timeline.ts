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

  add(happening: Omit<Happening, "id">): void {
    const all = [{ ...happening, id: this.#next++ }, ...this.#happenings];
    this.#happenings = all.sort((one, other) => other.at - one.at || other.id - one.id).slice(0, KEPT);
  }
}
