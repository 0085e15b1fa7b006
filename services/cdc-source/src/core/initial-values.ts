import {
  AvroBuffer,
  AvroCursor,
  initialValueOf,
  readValue,
  sameColumnType,
  type ColumnSchema,
  type ColumnType,
  type InitialValue,
} from '@hasivu/change-events';
import { textEncoderFor, UNREPRESENTABLE, type ColumnEncoder, type RelationMessage } from '@hasivu/pgoutput';
import type { CatalogTable } from '@hasivu/postgres';

import { isLater, originOf, type NumberedColumn } from './column-origins.ts';
import { transformEncoder, type ColumnTransform } from './column-transform.ts';

interface Printed {
  readonly typeOid: number;
  readonly text: string;
}

/**
 * What rows have in a column that was added after them: the server gives them the column's default of that moment
 * without writing them, so no change tells of it. It says so in the catalog until the table is written anew (VACUUM FULL,
 * another type); the rows have it from then on, and readers still need it. So it is kept with the column's number, which
 * no other column ever gets, and beyond this process in the schemas that the registry has.
 */
export class InitialValues {
  readonly #printed = new Map<string, Printed>();
  readonly #registered = new Map<string, ColumnSchema>();

  /** A statement's message came. */
  tell(oid: number, columns: readonly NumberedColumn[]): void {
    for (const { number, typeOid, initial } of columns)
      if (initial !== undefined && initial !== null)
        this.#printed.set(originOf(oid, number), { typeOid, text: initial });
  }

  /** The catalog was read. */
  see({ oid, columns }: CatalogTable): void {
    this.tell(oid, columns);
  }

  /** Events of before had these columns. */
  registered(columns: readonly ColumnSchema[]): void {
    for (const column of columns)
      if (column.origin !== undefined && column.initial !== undefined)
        this.#registered.set(column.origin, column);
  }

  /**
   * Of a relation's columns, as the server prints them, by name.
   * @param origins what they are, as far as that is known
   * @param xid of the transaction that has the relation's change
   */
  of(
    { oid, columns }: Pick<RelationMessage, 'oid' | 'columns'>,
    origins: ReadonlyMap<string, string>,
    current: CatalogTable | null,
    xid: number,
  ): ReadonlyMap<string, string> {
    const found = new Map<string, string>();
    for (const { name, typeOid } of columns) {
      // Of other columns' changes this one may know nothing.
      const same = current?.columns.find((own) => own.name === name && !isLater(own.changedBy, xid));
      const origin = origins.get(name) ?? (same && originOf(oid, same.number));
      const printed = origin === undefined ? undefined : this.#printed.get(origin);
      if (printed !== undefined && isReadAs(printed.typeOid, typeOid)) found.set(name, printed.text);
    }
    return found;
  }

  /** What a schema that was registered says of this column, where it has the same type. */
  before({ origin, type }: ColumnSchema): InitialValue | null {
    const known = origin === undefined ? undefined : this.#registered.get(origin);
    return known?.initial !== undefined && sameColumnType(known.type, type) ? known.initial : null;
  }
}

/** smallint, integer, bigint, numeric; text, varchar. */
const FAMILIES = [new Set([21, 23, 20, 1700]), new Set([25, 1043])];

/** A column that was widened since has the value in its new type, written alike. */
function isReadAs(from: number, to: number): boolean {
  return from === to || FAMILIES.some((family) => family.has(from) && family.has(to));
}

/** The value as events have it: an encoder that hides values hides this one too. Null where the type has no such value. */
export function encodedInitial(encoder: ColumnEncoder, type: ColumnType, text: string): InitialValue | null {
  const src = Buffer.from(text);
  const out = new AvroBuffer(src.length + 64);
  if (encoder(src, 0, src.length, out) === UNREPRESENTABLE) return null;
  return initialValueOf(type, readValue(new AvroCursor().reset(out.bytes, 0, out.pos), type));
}

/**
 * @param text null where nothing is known now
 * @param transform treats the column's values, and this one with them
 */
export function withInitial(
  column: ColumnSchema,
  text: string | null,
  transform: ColumnTransform | null,
  known: InitialValues,
): ColumnSchema {
  const plain = textEncoderFor(transform?.of ?? column.type);
  const encoder = transform === null ? plain : transformEncoder(transform, plain);
  const recalled = transform === null ? known.before(column) : null;
  const initial = text === null ? recalled : encodedInitial(encoder, column.type, text);
  return initial === null ? column : { ...column, initial };
}
