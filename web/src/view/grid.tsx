// The grid of answers.

import { useEffect, useRef } from "preact/hooks";
import type { Cells } from "../model/cells";
import { Painter, type Paper } from "./painter";
import { together } from "./together";

const OFTEN = 125; // milliseconds between two paintings
const SELDOM = 1000; // for who wants less motion

/** `traceAt` says where the trace of an answer is shown, by how many came after it; null where calls are not traced. */
type Props = {
  readonly answers: Cells;
  readonly cells: number;
  readonly label: string;
  readonly traceAt: ((back: number) => string) | null;
};

export function Grid({ answers, cells, label, traceAt }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const painters = useRef<Painter | null>(null);
  useEffect(() => {
    if (!frame.current || !canvas.current) {
      return;
    }
    const painter = new Painter(canvas.current);
    painters.current = painter;
    return painting(painter, frame.current, answers, cells);
  }, [answers, cells]);
  const open = (event: MouseEvent) => {
    const back = painters.current?.backAt(event.offsetX, event.offsetY, answers) ?? null;
    const where = back === null ? "" : traceAt?.(back);
    if (where) {
      window.open(where, "_blank", "noopener");
    }
  };
  return (
    <div class={traceAt ? "grid traced" : "grid"} ref={frame}>
      <canvas ref={canvas} role="img" aria-label={label} onClick={traceAt ? open : undefined} />
    </div>
  );
}

/** Paints what is new again and again, and all anew when the room or the light changes; returns what ends it. */
function painting(painter: Painter, frame: HTMLElement, answers: Cells, cells: number): () => void {
  const fit = () => painter.fit(frame.clientWidth, cells, window.devicePixelRatio || 1, paper(frame), answers);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const room = new ResizeObserver(fit);
  room.observe(frame);
  dark.addEventListener("change", fit);
  let end = () => {};
  const keepTime = () => {
    end();
    end = together(still.matches ? SELDOM : OFTEN, () => painter.paint(answers));
  };
  keepTime();
  still.addEventListener("change", keepTime);
  return () => {
    end();
    room.disconnect();
    dark.removeEventListener("change", fit);
    still.removeEventListener("change", keepTime);
  };
}

function paper(element: HTMLElement): Paper {
  const style = getComputedStyle(element);
  const of = (name: string) => style.getPropertyValue(name).trim();
  return { paper: of("--card"), ink: of("--ink"), empty: of("--empty") };
}
