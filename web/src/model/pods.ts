// The pods that the page has met, each with a letter and a colour of its own: the same in every way.

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
export const COLOURS = 8; // Okabe and Ito's palette, which colour-blind people can tell apart

/** `slot` says which letter and colour. */
export type Pod = { readonly name: string; readonly slot: number; readonly letter: string; seen: number };

export class Pods {
  readonly #bySlot: (Pod | null)[] = LETTERS.split("").map(() => null);
  readonly #byName = new Map<string, Pod>();

  /** `onForgotten` hears of a slot that is given to another pod: there are more names in weeks than letters. */
  constructor(private readonly onForgotten: (slot: number) => void = () => {}) {}

  /** All that have a letter, by letter. */
  get all(): readonly Pod[] {
    return this.#bySlot.filter((pod) => pod !== null);
  }

  get(name: string): Pod | undefined {
    return this.#byName.get(name);
  }

  /** The pod of an answer that came now (milliseconds). */
  answered(name: string, now: number): Pod {
    const pod = this.#byName.get(name) ?? this.#settle(name);
    pod.seen = now;
    return pod;
  }

  #settle(name: string): Pod {
    const free = this.#bySlot.indexOf(null);
    const slot = free >= 0 ? free : this.#longestSilent();
    const pod = { name, slot, letter: LETTERS[slot] ?? "?", seen: 0 };
    this.#bySlot[slot] = pod;
    this.#byName.set(name, pod);
    return pod;
  }

  #longestSilent(): number {
    const [oldest] = [...this.#byName.values()].sort((one, other) => one.seen - other.seen);
    if (!oldest) {
      return 0;
    }
    this.#byName.delete(oldest.name);
    this.onForgotten(oldest.slot);
    return oldest.slot;
  }
}
