// The grid of answers.

import { useEffect, useRef } from "preact/hooks";
import type { Cells } from "../model/cells";
import { Painter, type Paper } from "./painter";

const OFTEN = 100; // milliseconds between two paintings
const SELDOM = 1000; // for who wants less motion

type Props = { readonly answers: Cells; readonly cells: number; readonly label: string };

export function Grid({ answers, cells, label }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (!frame.current || !canvas.current) {
      return;
    }
    return painting(frame.current, canvas.current, answers, cells);
  }, [answers, cells]);
  return (
    <div class="grid" ref={frame}>
      <canvas ref={canvas} role="img" aria-label={label} />
    </div>
  );
}

/** Paints what is new again and again, and all anew when the room or the light changes; returns what ends it. */
function painting(frame: HTMLElement, canvas: HTMLCanvasElement, answers: Cells, cells: number): () => void {
  const painter = new Painter(canvas);
  const fit = () => painter.fit(frame.clientWidth, cells, window.devicePixelRatio || 1, paper(frame), answers);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const room = new ResizeObserver(fit);
  room.observe(frame);
  dark.addEventListener("change", fit);
  let timer = 0;
  const keepTime = () => {
    clearInterval(timer);
    timer = window.setInterval(() => painter.paint(answers), still.matches ? SELDOM : OFTEN);
  };
  keepTime();
  still.addEventListener("change", keepTime);
  return () => {
    clearInterval(timer);
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
