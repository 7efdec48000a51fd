// What is painted, on a canvas that only remembers which picture lies where.

import { describe, expect, it, vi } from "vitest";
import { Cells, failedCell, podCell } from "../src/model/cells";
import { layout, Painter } from "../src/view/painter";

const PAPER = { paper: "paper", ink: "ink", empty: "empty" };
const WIDTH = 40; // pixels; with 32 cells: 8 columns of 5 pixels

/** A canvas: of a sprite the last colour that was filled, of the grid the sprites by place. */
class FakeCanvas {
  width = 0;
  height = 0;
  style = {};
  colour = "";
  readonly there = new Map<string, string>();
  readonly context = {
    globalCompositeOperation: "source-over",
    fillStyle: "",
    fillRect: () => {
      this.colour = this.context.fillStyle;
    },
    fillText: () => {},
    drawImage: (what: FakeCanvas, x: number, y: number) => this.#draw(what, x, y),
  };

  getContext() {
    return this.context;
  }

  #draw(what: FakeCanvas, x: number, y: number): void {
    if (what !== this) {
      this.there.set(`${x},${y}`, what.colour);
      return;
    }
    const moved = [...this.there].map(([at, colour]) => [at.split(",").map(Number), colour] as const);
    this.there.clear();
    for (const [[left = 0, top = 0], colour] of moved) {
      if (top + y >= 0) {
        this.there.set(`${left + x},${top + y}`, colour);
      }
    }
  }

  get picture(): string[] {
    const place = ([at]: [string, string]) =>
      at
        .split(",")
        .map(Number)
        .reverse()
        .reduce((y, x) => y * 1000 + x);
    return [...this.there].sort((one, other) => place(one) - place(other)).map(([, colour]) => colour);
  }
}

function painter(answers: Cells): { painter: Painter; canvas: FakeCanvas } {
  vi.stubGlobal("document", { createElement: () => new FakeCanvas() });
  const canvas = new FakeCanvas();
  const made = new Painter(canvas as unknown as HTMLCanvasElement);
  made.fit(WIDTH, 32, 1, PAPER, answers);
  return { painter: made, canvas };
}

describe("the grid", () => {
  it("paints the same, whether answers come one by one or are there from the start", () => {
    const answers = new Cells();
    const { painter: growing, canvas } = painter(answers);
    for (let answer = 0; answer < 150; answer += 1) {
      answers.add(answer % 7 === 0 ? failedCell("UNAVAILABLE") : podCell(answer % 3));
      growing.paint(answers);
      const [pictured, afresh] = [canvas.picture, painter(answers).canvas.picture];
      const last = pictured.findLastIndex((colour) => colour !== "empty");

      expect(pictured.length).toBe(32);
      expect(pictured[last]).toBe(afresh[afresh.findLastIndex((colour) => colour !== "empty")]);
      expect(afresh.filter((colour) => colour !== "empty").length).toBeGreaterThan(Math.min(answer, 24));
    }
    expect(canvas.picture).toEqual(painter(answers).canvas.picture);
  });

  it("paints at once what has come while nobody painted", () => {
    const answers = new Cells();
    const { painter: late, canvas } = painter(answers);
    for (let answer = 0; answer < 1000; answer += 1) {
      answers.add(podCell(answer % 3));
    }
    late.paint(answers);

    expect(canvas.picture).toEqual(painter(answers).canvas.picture);
  });

  it.each([
    [320, 400],
    [750, 400],
    [750, 10_000],
    [320, 10_000],
  ])("of %d pixels has room for %d answers, and is no wider", (width, cells) => {
    const { size, columns, rows } = layout(width, cells);

    expect(columns * size).toBeLessThanOrEqual(width);
    expect(columns * rows).toBeGreaterThanOrEqual(cells);
    expect(rows * size).toBeLessThan(width * 1.2);
  });
});
