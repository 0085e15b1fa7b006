import { EXACT, INEXACT, UNREPRESENTABLE, type ColumnEncoder } from './column-encoder.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const EQUALS = 0x3d;

/**
 * An array literal (`{1,NULL,"a \"b\""}`) to an Avro array of nullable elements. More than one dimension is flattened
 * in row-major order and subscripts that do not begin at 1 are left out; both are {@link INEXACT}, so that the caller
 * keeps the literal beside the value.
 */
export function arrayTextEncoder(element: ColumnEncoder): ColumnEncoder {
  let unescaped = Buffer.allocUnsafe(256);
  return (src, start, end, out) => {
    let outcome: typeof EXACT | typeof INEXACT = EXACT;
    let pos = start;
    if (src[pos] !== OPEN) {
      outcome = INEXACT;
      pos = src.indexOf(EQUALS, pos) + 1;
    }
    const count = countElements(src, pos, end);
    if (count > 0) out.writeLong(count);
    let depth = 0;
    while (pos < end) {
      const c = src[pos] as number;
      if (c === OPEN) {
        if (++depth > 1) outcome = INEXACT;
        pos++;
      } else if (c === CLOSE || c === COMMA) {
        pos++;
      } else {
        let stop: number;
        let result: number;
        const branchAt = out.pos;
        if (c === QUOTE) {
          if (unescaped.length < end - pos) unescaped = Buffer.allocUnsafe((end - pos) * 2);
          let length = 0;
          for (stop = pos + 1; src[stop] !== QUOTE; stop++) {
            if (src[stop] === BACKSLASH) stop++;
            unescaped[length++] = src[stop] as number;
          }
          stop++;
          out.writePresent();
          result = element(unescaped, 0, length, out);
        } else {
          for (stop = pos; src[stop] !== COMMA && src[stop] !== CLOSE; stop++);
          if (isNull(src, pos, stop)) {
            out.writeNull();
            result = EXACT;
          } else {
            out.writePresent();
            result = element(src, pos, stop, out);
          }
        }
        if (result !== EXACT) outcome = INEXACT;
        if (result === UNREPRESENTABLE) {
          out.pos = branchAt;
          out.writeNull();
        }
        pos = stop;
      }
    }
    out.writeByte(0);
    return outcome;
  };
}

// An Avro block begins with its number of items, so they are counted before they are written.
function countElements(src: Buffer, start: number, end: number): number {
  let count = 0;
  let inElement = false;
  for (let pos = start; pos < end; pos++) {
    const c = src[pos] as number;
    if (c === OPEN || c === CLOSE || c === COMMA) {
      inElement = false;
    } else {
      if (!inElement) count++;
      inElement = true;
      if (c === QUOTE) {
        for (pos++; src[pos] !== QUOTE; pos++) if (src[pos] === BACKSLASH) pos++;
      }
    }
  }
  return count;
}

// An unquoted NULL; the word as a string value is always quoted.
function isNull(src: Buffer, start: number, end: number): boolean {
  return (
    end - start === 4 &&
    src[start] === 0x4e &&
    src[start + 1] === 0x55 &&
    src[start + 2] === 0x4c &&
    src[start + 3] === 0x4c
  );
}
