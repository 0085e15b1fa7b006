import { AvroDecodeError, skipColumn, type AvroCursor, type ColumnType } from '@hasivu/change-events';
import type { DeltaType, TypedColumn } from '@hasivu/delta';
import { valueCopier, type ValueCopier } from './value-copier.ts';

/** Moves one nullable column (`["null", T]`) of a row from the cursor into the lake column. */
export interface CellCopier {
  copy(cursor: AvroCursor): void;
}

export function cellCopier(type: ColumnType, lakeType: DeltaType, column: TypedColumn): CellCopier {
  if (type.kind === 'array') return new ArrayCell(type, lakeType, column);
  return new FlatCell(valueCopier(type, lakeType, column), column);
}

/** Passes over a column that the file does not hold, such as one that names its partition. */
export class SkippedCell implements CellCopier {
  readonly #type: ColumnType;

  constructor(type: ColumnType) {
    this.#type = type;
  }

  copy(cursor: AvroCursor): void {
    skipColumn(cursor, this.#type);
  }
}

class FlatCell implements CellCopier {
  readonly #copyValue: ValueCopier;
  readonly #column: TypedColumn;

  constructor(copyValue: ValueCopier, column: TypedColumn) {
    this.#copyValue = copyValue;
    this.#column = column;
  }

  copy(cursor: AvroCursor): void {
    if (isNull(cursor)) {
      this.#column.appendNull();
      return;
    }
    this.#column.level(1, 0);
    this.#copyValue(cursor);
  }
}

/**
 * Arrays of any depth. With `d` lists around it an absent list stands at definition level 2d, an empty one at 2d + 1;
 * the first item repeats at its list's level, the following ones one deeper.
 */
class ArrayCell implements CellCopier {
  readonly #column: TypedColumn;
  readonly #copyValue: ValueCopier;
  readonly #depth: number;

  constructor(type: ColumnType & { kind: 'array' }, lakeType: DeltaType, column: TypedColumn) {
    let element: ColumnType = type;
    let lakeElement = lakeType;
    let depth = 0;
    while (element.kind === 'array') {
      element = element.element;
      if (typeof lakeElement === 'string' || lakeElement.type !== 'array')
        throw new TypeError('the lake column is no array');
      lakeElement = lakeElement.elementType;
      depth += 1;
    }
    this.#depth = depth;
    this.#column = column;
    this.#copyValue = valueCopier(element, lakeElement, column);
  }

  copy(cursor: AvroCursor): void {
    if (isNull(cursor)) this.#column.level(0, 0);
    else this.#copyList(cursor, 0, 0);
  }

  #copyList(cursor: AvroCursor, depth: number, repetition: number): void {
    let first = true;
    for (;;) {
      let count = cursor.readLongNumber();
      if (count === 0) break;
      if (count < 0) {
        cursor.skipLong();
        count = -count;
      }
      if (count > cursor.end - cursor.pos)
        throw new AvroDecodeError('an array claims more items than there are bytes');
      for (let item = 0; item < count; item += 1) {
        this.#copyItem(cursor, depth + 1, first ? repetition : depth + 1);
        first = false;
      }
    }
    if (first) this.#column.level(2 * depth + 1, repetition);
  }

  #copyItem(cursor: AvroCursor, depth: number, repetition: number): void {
    if (isNull(cursor)) {
      this.#column.level(2 * depth, repetition);
    } else if (depth < this.#depth) {
      this.#copyList(cursor, depth, repetition);
    } else {
      this.#column.level(2 * depth + 1, repetition);
      this.#copyValue(cursor);
    }
  }
}

function isNull(cursor: AvroCursor): boolean {
  // Both branches of ["null", T] are one byte: 0 and 2.
  const byte = cursor.pos < cursor.end ? cursor.buf[cursor.pos] : undefined;
  if (byte === 2 || byte === 0) {
    cursor.pos += 1;
    return byte === 0;
  }
  return cursor.readBranch(2) === 0;
}
