// One clock for all that is drawn: what falls on the same beat shares one frame of the browser, and a frame costs the
// page more than what is drawn in it.

/** Acts at each multiple of `period` (milliseconds of the page's clock), and returns what ends it. */
export function together(period: number, act: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const wait = () => {
    timer = setTimeout(beat, Math.ceil(period - (performance.now() % period)));
  };
  const beat = () => {
    wait();
    act();
  };
  wait();
  return () => clearTimeout(timer);
}
