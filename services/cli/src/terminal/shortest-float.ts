/**
 * A 32-bit float as the shortest decimal that reads back as the same float: 3.1 stays 3.1. JavaScript has doubles only,
 * and would print the digits of the double nearest to the float: 3.0999999046325684.
 */
export function shortestFloat32(value: number): number {
  for (let digits = 6; digits < 9; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return Number(value.toPrecision(9));
}
