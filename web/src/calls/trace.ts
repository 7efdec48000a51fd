// The identity of a trace, made here, so that the page knows where its call will be shown.
// The format: https://www.w3.org/TR/trace-context/#traceparent-header

const TRACE = 16; // bytes
const SPAN = 8;

/** A new trace's identity, in hexadecimal digits. */
export function newTrace(): string {
  return digits(TRACE);
}

/** What the identities of many traces begin with: half of one, in hexadecimal digits. */
export function newTraces(): string {
  return digits(TRACE / 2);
}

/** The identity of one of them, by the number of its call. */
export function traceOf(traces: string, seq: number): string {
  return traces + seq.toString(16).padStart(TRACE, "0");
}

/** The header that makes a call a part of the trace, below a span of the browser that nobody is told of. */
export function traceparent(trace: string): string {
  return `00-${trace}-${digits(SPAN)}-01`;
}

function digits(bytes: number): string {
  const found = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(found, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
