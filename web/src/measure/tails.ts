// Tail probabilities as logarithms: for a pinned client, 10^-3000 is nothing special. The same formulas as in
// Python's `lbdemo.measure.intervals`, with the logarithm of the gamma function, which JavaScript lacks.

const CLOSE = 1e-15;
const NEGLIGIBLE = 1e-17;
const TINY = 1e-300; // stands where Lentz's method would divide by 0
const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);

/** ln Gamma(x) for x > 0: Stirling's series from 12 on, below it by the recurrence. (Abramowitz and Stegun 6.1.41.) */
export function lnGamma(x: number): number {
  let product = 1;
  let at = x;
  while (at < 12) {
    product *= at;
    at += 1;
  }
  const inverse = 1 / at;
  const square = inverse * inverse;
  const powers = [-691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12];
  const series = powers.reduce((value, power) => value * square + power, 0) * inverse;
  return (at - 0.5) * Math.log(at) - at + HALF_LOG_TWO_PI + series - Math.log(product);
}

/** log10 of the probability of `calls` or more in `of` tries, each with `chance` (0 < chance < 1). */
export function log10AtLeast(calls: number, of: number, chance: number): number {
  return lnAtLeast(calls, of, chance) / Math.LN10;
}

/** log10 of the probability of `calls` or fewer in `of` tries, each with `chance` (0 < chance < 1). */
export function log10AtMost(calls: number, of: number, chance: number): number {
  return lnAtLeast(of - calls, of, 1 - chance) / Math.LN10;
}

function lnAtLeast(calls: number, of: number, chance: number): number {
  if (calls <= 0) {
    return 0;
  }
  if (calls > of) {
    return -Infinity;
  }
  if (calls <= of * chance) {
    // the other side is the smaller one, and the one that converges
    return Math.log1p(-Math.exp(lnAtLeast(of - calls + 1, of, 1 - chance)));
  }
  const lnChoose = lnGamma(of + 1) - lnGamma(calls + 1) - lnGamma(of - calls + 1);
  const lnFirst = lnChoose + calls * Math.log(chance) + (of - calls) * Math.log1p(-chance);
  return Math.min(0, lnFirst + Math.log(relativeTail(calls, of, chance)));
}

/** The binomial probabilities of `calls` and more, relative to the first: a continued fraction (A. and S. 26.5.8). */
function relativeTail(calls: number, of: number, chance: number): number {
  const a = calls;
  const b = of - calls + 1;
  let c = 1;
  let d = 1 / (1 - ((a + b) * chance) / (a + 1) || TINY);
  let value = d;
  let change = 0;
  for (let m = 1; change < 1 - CLOSE || change > 1 + CLOSE; m += 1) {
    const twice = a + 2 * m;
    const even = (m * (b - m) * chance) / ((twice - 1) * twice);
    d = 1 / (1 + even * d || TINY);
    c = 1 + even / c || TINY;
    value *= d * c;
    const odd = (-(a + m) * (a + b + m) * chance) / (twice * (twice + 1));
    d = 1 / (1 + odd * d || TINY);
    c = 1 + odd / c || TINY;
    change = d * c;
    value *= change;
  }
  return (1 - chance) * value;
}

/** log10 of the probability that chi-square with so many degrees of freedom is this large or larger. */
export function log10ChiSquareTail(chiSquare: number, degrees: number): number {
  const a = degrees / 2;
  const x = chiSquare / 2;
  if (x <= 0) {
    return 0;
  }
  const lnFront = a * Math.log(x) - x - lnGamma(a);
  if (x < a + 1) {
    return Math.log1p(-Math.min(Math.exp(lnFront) * gammaSeries(a, x), 1 - 1e-16)) / Math.LN10;
  }
  return (lnFront + Math.log(gammaFraction(a, x))) / Math.LN10;
}

/** The probability that chi-square is this large or larger. */
export function chiSquareTail(chiSquare: number, degrees: number): number {
  return 10 ** log10ChiSquareTail(chiSquare, degrees);
}

function gammaSeries(a: number, x: number): number {
  let term = 1 / a;
  let total = term;
  for (let step = a + 1; term > total * NEGLIGIBLE; step += 1) {
    term *= x / step;
    total += term;
  }
  return total;
}

function gammaFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = Infinity;
  let d = 1 / b;
  let value = d;
  let change = 0;
  for (let step = 1; Math.abs(change - 1) > CLOSE; step += 1) {
    const numerator = -step * (step - a);
    b += 2;
    d = 1 / (numerator * d + b || TINY);
    c = b + numerator / c || TINY;
    change = c * d;
    value *= change;
  }
  return value;
}
