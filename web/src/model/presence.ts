// Who answers and who has fallen silent, told from the answers of one way alone.

const CHANCE = 1e-6; // a pod counts as silent when its own part of the calls would leave it out so seldom
const SHORTEST = 3000; // milliseconds: a hiccup is no event
const MOST = 64;

type Seen = { from: number; answers: number; last: number; at: number; silent: boolean };

export type Change = { readonly kind: "new" | "silent" | "again"; readonly pod: string };

export class Presence {
  readonly #pods = new Map<string, Seen>();
  #answers = 0;
  #last = Number.NEGATIVE_INFINITY;

  /** When the last answer came, in milliseconds. */
  get last(): number {
    return this.#last;
  }

  /** Those that answer, silent ones left out. */
  get present(): string[] {
    return [...this.#pods].filter(([, seen]) => !seen.silent).map(([name]) => name);
  }

  isSilent(pod: string): boolean {
    return this.#pods.get(pod)?.silent ?? false;
  }

  /** An answer of this pod came now (milliseconds). */
  answered(pod: string, now: number): Change | null {
    this.#answers += 1;
    this.#last = now;
    const seen = this.#pods.get(pod);
    if (seen && !seen.silent) {
      seen.answers += 1;
      seen.last = this.#answers;
      seen.at = now;
      return null;
    }
    this.#pods.set(pod, { from: this.#answers, answers: 1, last: this.#answers, at: now, silent: false });
    this.#forget();
    return { kind: seen ? "again" : "new", pod };
  }

  /** Who has fallen silent since this was asked last. */
  silenced(now: number): Change[] {
    const found: Change[] = [];
    for (const [pod, seen] of this.#pods) {
      if (!seen.silent && now - seen.at >= SHORTEST && this.#leftOut(seen) < CHANCE) {
        seen.silent = true;
        found.push({ kind: "silent", pod });
      }
    }
    return found;
  }

  /** How likely it is that a pod which has its part of the calls gets none of the last ones. */
  #leftOut(seen: Seen): number {
    const share = seen.answers / (seen.last - seen.from + 3); // careful with few answers
    return (1 - share) ** (this.#answers - seen.last);
  }

  #forget(): void {
    if (this.#pods.size > MOST) {
      const [oldest] = [...this.#pods].sort(([, one], [, other]) => one.at - other.at);
      this.#pods.delete(oldest?.[0] ?? "");
    }
  }
}
