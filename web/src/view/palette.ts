// Colours of pods and signs of failures. Of Okabe and Ito's palette, which colour-blind people can tell apart; every
// pod has a letter, too, and after eight pods the colours come again with other letters.

const PALETTE = ["#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#0072b2", "#d55e00", "#9a9a9a"] as const;
const ON_DARK = "#ffffff";
const ON_LIGHT = "#000000";
const DARK = new Set(["#0072b2"]);

export function colour(slot: number): string {
  return PALETTE[slot % PALETTE.length] ?? PALETTE[0];
}

/** The colour of a letter on a pod's colour. */
export function ink(slot: number): string {
  return DARK.has(colour(slot)) ? ON_DARK : ON_LIGHT;
}

const SIGNS: Record<string, string> = { UNAVAILABLE: "×", DEADLINE_EXCEEDED: "T", UNIMPLEMENTED: "?" };

/** The sign of a failure in the grid. */
export function sign(code: string): string {
  return SIGNS[code] ?? "!";
}
