import { float8Text } from './binary-float-text.ts';
import type { BinaryText } from './binary-text.ts';

const POINT_BYTES = 16;

/** `point`: `(x,y)`. */
export const textOfPoint: BinaryText = (src, start) => `(${pair(src, start)})`;

/** `line`: `{A,B,C}`. */
export const textOfLine: BinaryText = (src, start) =>
  `{${pair(src, start)},${float8Text(src.readDoubleBE(start + POINT_BYTES))}}`;

/** `lseg`: `[(x,y),(x,y)]`. */
export const textOfSegment: BinaryText = (src, start) => `[${points(src, start, 2)}]`;

/** `box`: `(x,y),(x,y)`. */
export const textOfBox: BinaryText = (src, start) => points(src, start, 2);

/** `path`: in parentheses where it is closed, in brackets where open. */
export const textOfPath: BinaryText = (src, start) => {
  const list = points(src, start + 5, src.readInt32BE(start + 1));
  return src[start] === 0 ? `[${list}]` : `(${list})`;
};

/** `polygon`. */
export const textOfPolygon: BinaryText = (src, start) =>
  `(${points(src, start + 4, src.readInt32BE(start))})`;

/** `circle`: `<(x,y),r>`. */
export const textOfCircle: BinaryText = (src, start) =>
  `<(${pair(src, start)}),${float8Text(src.readDoubleBE(start + POINT_BYTES))}>`;

function points(src: Buffer, start: number, count: number): string {
  return Array.from({ length: count }, (_, i) => `(${pair(src, start + i * POINT_BYTES)})`).join(',');
}

function pair(src: Buffer, at: number): string {
  return `${float8Text(src.readDoubleBE(at))},${float8Text(src.readDoubleBE(at + 8))}`;
}
