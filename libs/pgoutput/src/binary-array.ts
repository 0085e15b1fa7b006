import { malformedMessage } from './malformed-message.ts';
import { EXACT, INEXACT, UNREPRESENTABLE, type ColumnEncoder } from './column-encoder.ts';
import { int32At } from './int32-at.ts';

const HEADER_BYTES = 12;
const DIMENSION_BYTES = 8;

/**
 * An array in its binary form (dimensions with their lower bounds, then elements with their lengths) to an Avro array of
 * nullable elements, as from text: more than one dimension is flattened in row-major order and subscripts that do not
 * begin at 1 are left out, both {@link INEXACT}.
 */
export function arrayBinaryEncoder(element: ColumnEncoder): ColumnEncoder {
  return (src, start, end, out) => {
    const dimensions = int32At(src, start);
    let outcome: typeof EXACT | typeof INEXACT = dimensions > 1 ? INEXACT : EXACT;
    let pos = start + HEADER_BYTES;
    let count = dimensions === 0 ? 0 : 1;
    for (let i = 0; i < dimensions; i++, pos += DIMENSION_BYTES) {
      count *= int32At(src, pos);
      if (int32At(src, pos + 4) !== 1) outcome = INEXACT;
    }
    if (count > 0) out.writeLong(count);
    for (let i = 0; i < count; i++) {
      const length = int32At(src, pos);
      pos += 4;
      if (length < 0) {
        out.writeNull();
        continue;
      }
      const branchAt = out.pos;
      out.writePresent();
      const result = element(src, pos, pos + length, out);
      if (result !== EXACT) outcome = INEXACT;
      if (result === UNREPRESENTABLE) {
        out.pos = branchAt;
        out.writeNull();
      }
      pos += length;
    }
    if (pos !== end) throw malformedMessage('an array does not fill its value');
    out.writeByte(0);
    return outcome;
  };
}
