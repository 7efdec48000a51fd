// Paints the answers of a way into a canvas: a cell each, in reading order, the newest last. Only what is new is
// painted; a full row moves everything up by one copy. So 200 answers a second cost next to nothing.

import { type Cells, CODES, EMPTY, FAILED } from "../model/cells";
import { colour, ink, sign } from "./palette";

const SMALLEST = 3; // pixels of a cell
const LARGEST = 22;
const WITH_LETTER = 11; // from this size on a letter can be read
const FLAT = 0.62; // the grid's height over its width
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

export type Layout = { readonly size: number; readonly columns: number; readonly rows: number };

/** How so many cells fill this width (in pixels of the page). */
export function layout(width: number, cells: number): Layout {
  const ideal = Math.floor(Math.sqrt((width * width * FLAT) / cells));
  const size = Math.max(SMALLEST, Math.min(LARGEST, ideal));
  const columns = Math.max(1, Math.floor(width / size));
  return { size, columns, rows: Math.max(1, Math.ceil(cells / columns)) };
}

/** Colours of the page itself, which are others in the dark. */
export type Paper = { readonly paper: string; readonly ink: string; readonly empty: string };

export class Painter {
  #layout: Layout = { size: 1, columns: 1, rows: 1 };
  #scale = 1;
  #painted = 0; // answers of the way that are in the picture, or have left it
  #top = 0; // the answer in the first cell
  #sprites = new Map<number, HTMLCanvasElement>();
  #paper: Paper = { paper: "", ink: "", empty: "" };

  constructor(private readonly canvas: HTMLCanvasElement) {}

  /** Makes room for so many cells, and paints all anew. */
  fit(width: number, cells: number, scale: number, paper: Paper, answers: Cells): void {
    this.#layout = layout(width, cells);
    this.#scale = scale;
    this.#paper = paper;
    this.#sprites.clear();
    const { size, columns, rows } = this.#layout;
    const side = Math.round(size * scale);
    this.canvas.width = columns * side;
    this.canvas.height = rows * side;
    this.canvas.style.width = `${(columns * side) / scale}px`;
    this.canvas.style.height = `${(rows * side) / scale}px`;
    this.repaint(answers);
  }

  /** Paints everything. */
  repaint(answers: Cells): void {
    const { columns, rows } = this.#layout;
    const written = answers.written;
    const first = Math.max(0, written - columns * rows, written - answers.ring.length);
    this.#top = Math.ceil(first / columns) * columns;
    this.#painted = this.#top;
    this.#wipe(0, rows);
    this.paint(answers);
  }

  /** Paints what has come since. */
  paint(answers: Cells): void {
    const { columns, rows } = this.#layout;
    if (answers.written - this.#painted > columns * rows) {
      this.repaint(answers);
      return;
    }
    while (this.#painted < answers.written) {
      if (this.#painted - this.#top >= columns * rows) {
        this.#scroll();
      }
      this.#cell(this.#painted - this.#top, answers.at(answers.written - 1 - this.#painted));
      this.#painted += 1;
    }
  }

  /** How many answers before the last one the one is that is painted there (in pixels of the page); null for none. */
  backAt(x: number, y: number, answers: Cells): number | null {
    const { size, columns, rows } = this.#layout;
    const [column, row] = [Math.floor(x / size), Math.floor(y / size)];
    const answer = this.#top + row * columns + column;
    const inside = column >= 0 && column < columns && row >= 0 && row < rows;
    return inside && answer < this.#painted ? answers.written - 1 - answer : null;
  }

  #scroll(): void {
    const { size, columns, rows } = this.#layout;
    const up = Math.round(size * this.#scale);
    this.#context.globalCompositeOperation = "copy";
    this.#context.drawImage(this.canvas, 0, -up);
    this.#context.globalCompositeOperation = "source-over";
    this.#top += columns;
    this.#wipe(rows - 1, rows);
  }

  get #context(): CanvasRenderingContext2D {
    const context = this.canvas.getContext("2d");
    if (!context) {
      throw new Error("this browser has no canvas");
    }
    return context;
  }

  #wipe(from: number, to: number): void {
    const { columns } = this.#layout;
    for (let at = from * columns; at < to * columns; at += 1) {
      this.#cell(at, EMPTY);
    }
  }

  #cell(at: number, value: number): void {
    const { size, columns } = this.#layout;
    const side = Math.round(size * this.#scale);
    this.#context.drawImage(this.#sprite(value, side), (at % columns) * side, Math.floor(at / columns) * side);
  }

  #sprite(value: number, side: number): HTMLCanvasElement {
    const known = this.#sprites.get(value);
    if (known) {
      return known;
    }
    const sprite = drawn(value, side, this.#layout.size >= WITH_LETTER, this.#paper);
    this.#sprites.set(value, sprite);
    return sprite;
  }
}

function drawn(value: number, side: number, withLetter: boolean, paper: Paper): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = side;
  canvas.height = side;
  const context = canvas.getContext("2d");
  if (context) {
    fill(context, value, side, withLetter, paper);
  }
  return canvas;
}

function fill(context: CanvasRenderingContext2D, value: number, side: number, withLetter: boolean, paper: Paper): void {
  const failed = value >= FAILED;
  const gap = side >= 5 ? Math.max(1, Math.round(side / 14)) : 0;
  context.fillStyle = paper.paper;
  context.fillRect(0, 0, side, side);
  context.fillStyle = value === EMPTY ? paper.empty : failed ? paper.ink : colour(value - 1);
  context.fillRect(0, 0, side - gap, side - gap);
  if (value !== EMPTY && withLetter) {
    const text = failed ? sign(CODES[value - FAILED] ?? "") : (LETTERS[value - 1] ?? "");
    context.fillStyle = failed ? paper.paper : ink(value - 1);
    context.font = `600 ${Math.round(side * 0.66)}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(text, (side - gap) / 2, (side - gap) / 2 + side * 0.05);
  }
}
