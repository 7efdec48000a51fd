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
      answers.add(answer % 7 === 0 ? failedCell("UNAVAILABLE") : podCell(answer % 3), answer);
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
      answers.add(podCell(answer % 3), answer);
    }
    late.paint(answers);

    expect(canvas.picture).toEqual(painter(answers).canvas.picture);
  });

  it("knows which answer is under a finger, also after rows have moved up", () => {
    const answers = new Cells();
    const { painter: growing, canvas } = painter(answers);
    expect(growing.backAt(2, 2, answers)).toBeNull();
    for (let answer = 0; answer < 45; answer += 1) {
      answers.add(podCell(answer % 3), answer);
    }
    growing.paint(answers);

    const [side, seen] = [5, [...canvas.there.keys()].length];
    expect(seen).toBe(32);
    const at = (column: number, row: number) => growing.backAt(column * side + 2, row * side + 2, answers);
    const seqs = [at(0, 0), at(7, 0), at(0, 1), at(4, 3)].map((back) => back !== null && answers.seqAt(back));
    expect(seqs).toEqual([16, 23, 24, 44]);
    expect(at(5, 3), "nothing has come there yet").toBeNull();
    expect([at(8, 0), at(0, 4), at(-1, 0)]).toEqual([null, null, null]);
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
