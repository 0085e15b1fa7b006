import type { BinaryText } from './binary-text.ts';

const EMPTY_RANGE = 0x01;
const LOWER_INCLUSIVE = 0x02;
const UPPER_INCLUSIVE = 0x04;
const LOWER_INFINITE = 0x08;
const UPPER_INFINITE = 0x10;
const ARRAY_HEADER_BYTES = 12;
const DIMENSION_BYTES = 8;
// White space as C has it; to a regular expression a no-break space, an ordinary byte here, would be one too.
const SPACE = '\\t-\\r ';
const RANGE_SPECIAL = new RegExp(`["\\\\()[\\],${SPACE}]|^$`);
const RECORD_SPECIAL = new RegExp(`["\\\\(),${SPACE}]|^$`);

/** An array of any dimensions and lower bounds, as `array_out` prints it. */
export function arrayText(element: BinaryText, delimiter: string): BinaryText {
  const special = new RegExp(`["\\\\{}${SPACE}${delimiter}]|^$|^null$`, 'i');
  return (src, start) => {
    const dimensions = src.readInt32BE(start);
    if (dimensions === 0) return '{}';
    const sizes: number[] = [];
    let bounds = '';
    let shifted = false;
    for (let i = 0; i < dimensions; i++) {
      const at = start + ARRAY_HEADER_BYTES + i * DIMENSION_BYTES;
      const size = src.readInt32BE(at);
      const lower = src.readInt32BE(at + 4);
      sizes.push(size);
      bounds += `[${lower}:${lower + size - 1}]`;
      if (lower !== 1) shifted = true;
    }
    let pos = start + ARRAY_HEADER_BYTES + dimensions * DIMENSION_BYTES;
    const item = (): string => {
      const length = src.readInt32BE(pos);
      pos += 4;
      if (length < 0) return 'NULL';
      pos += length;
      const text = element(src, pos - length, pos);
      return special.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : text;
    };
    const level = (depth: number): string => {
      const items = Array.from({ length: sizes[depth] as number }, () =>
        depth === dimensions - 1 ? item() : level(depth + 1),
      );
      return `{${items.join(delimiter)}}`;
    };
    const body = level(0);
    return shifted ? `${bounds}=${body}` : body;
  };
}

/** `int2vector`, `oidvector`: elements apart by spaces. */
export function vectorText(element: BinaryText): BinaryText {
  return (src, start) => {
    if (src.readInt32BE(start) === 0) return '';
    const items: string[] = [];
    let pos = start + ARRAY_HEADER_BYTES + DIMENSION_BYTES;
    for (let left = src.readInt32BE(start + ARRAY_HEADER_BYTES); left > 0; left--) {
      const length = src.readInt32BE(pos);
      items.push(element(src, pos + 4, pos + 4 + length));
      pos += 4 + length;
    }
    return items.join(' ');
  };
}

/** A range: a byte of flags, then the bounds it has. */
export function rangeText(bound: BinaryText): BinaryText {
  return (src, start) => {
    const flags = src[start] as number;
    if (flags & EMPTY_RANGE) return 'empty';
    let pos = start + 1;
    const next = (absent: number): string => {
      if (flags & absent) return '';
      const length = src.readInt32BE(pos);
      pos += 4 + length;
      const text = bound(src, pos - length, pos);
      return RANGE_SPECIAL.test(text) ? doubled(text) : text;
    };
    const lower = next(LOWER_INFINITE);
    const upper = next(UPPER_INFINITE);
    return `${flags & LOWER_INCLUSIVE ? '[' : '('}${lower},${upper}${flags & UPPER_INCLUSIVE ? ']' : ')'}`;
  };
}

/** A multirange: ranges with their lengths. */
export function multirangeText(range: BinaryText): BinaryText {
  return (src, start) => {
    let pos = start + 4;
    const ranges = Array.from({ length: src.readInt32BE(start) }, () => {
      const length = src.readInt32BE(pos);
      pos += 4 + length;
      return range(src, pos - length, pos);
    });
    return `{${ranges.join(',')}}`;
  };
}

/** A composite: its fields carry the OIDs of their types, so a value from before an ALTER TYPE is still read right. */
export function recordText(textOf: (oid: number) => BinaryText): BinaryText {
  return (src, start) => {
    let pos = start + 4;
    const fields = Array.from({ length: src.readInt32BE(start) }, () => {
      const oid = src.readUInt32BE(pos);
      const length = src.readInt32BE(pos + 4);
      pos += 8;
      if (length < 0) return '';
      pos += length;
      const text = textOf(oid)(src, pos - length, pos);
      return RECORD_SPECIAL.test(text) ? doubled(text) : text;
    });
    return `(${fields.join(',')})`;
  };
}

/** `hstore`: pairs of strings, where a value may be null. */
export const textOfHstore: BinaryText = (src, start) => {
  let pos = start + 4;
  const next = (): string => {
    const length = src.readInt32BE(pos);
    pos += 4;
    if (length < 0) return 'NULL';
    pos += length;
    return `"${src.toString('latin1', pos - length, pos).replace(/["\\]/g, '\\$&')}"`;
  };
  return Array.from({ length: src.readInt32BE(start) }, () => `${next()}=>${next()}`).join(', ');
};

function doubled(text: string): string {
  return `"${text.replace(/["\\]/g, '$&$&')}"`;
}
