import type { RelationMessage } from '@hasivu/pgoutput';
import type { CatalogTable } from '@hasivu/postgres';

/** A column by what stays of it. */
export interface NumberedColumn {
  readonly name: string;
  readonly typeOid: number;
  readonly number: number;
  /** What rows have that were there before it, as the server prints it; null or absent where that is nothing. */
  readonly initial?: string | null;
}

type Origins = ReadonlyMap<string, string>;

const UNKNOWN: Origins = new Map();

/**
 * What the columns of relation messages are, whatever they are called: `<oid>.<attnum>`. A message does not tell, and the
 * catalog tells of today; so it is taken where no transaction after the message's has changed a column of the table, else
 * from what the event triggers told last at that place of the log, else from the catalog as it was seen before, where
 * nothing had changed in between; and else it is not known. A name alone is not enough: it may have changed hands since.
 */
export class ColumnOrigins {
  /** By OID, from the newest statement that the stream has come to. */
  readonly #told = new Map<number, readonly NumberedColumn[]>();
  readonly #seen = new Map<number, CatalogTable>();

  /** A statement's message came: what it says holds up to the next one of the table. */
  tell(oid: number, columns: readonly NumberedColumn[]): void {
    this.#told.set(oid, columns);
  }

  /** The catalog was read: a message of before a later change of the table can still be told by it. */
  see(table: CatalogTable): void {
    this.#seen.set(table.oid, table);
  }

  /** @param xid of the transaction that has the relation's change */
  of(relation: RelationMessage, current: CatalogTable | null, xid: number): Origins {
    if (current?.columnChanges.every((changed) => !isLater(changed, xid)) === true) {
      const found = originsOf(relation, current.columns);
      if (found !== null) {
        this.see(current);
        return found;
      }
    }
    const told = this.#told.get(relation.oid) ?? this.#seenBefore(relation.oid, current, xid);
    return originsOf(relation, told) ?? UNKNOWN;
  }

  #seenBefore(oid: number, current: CatalogTable | null, xid: number): readonly NumberedColumn[] {
    const seen = this.#seen.get(oid);
    if (seen === undefined || current === null) return [];
    const isSettled = seen.columnChanges.every((changed) => !isLater(changed, xid));
    const between = current.columnChanges.filter((changed) => changed !== xid && !isLater(changed, xid));
    return isSettled && between.every((changed) => seen.columnChanges.includes(changed)) ? seen.columns : [];
  }
}

/** Of every column, or null: a relation has its columns in the order of their numbers, with the types they have. */
function originsOf(relation: RelationMessage, known: readonly NumberedColumn[]): Origins | null {
  const byName = new Map(known.map((column) => [column.name, column]));
  const origins = new Map<string, string>();
  let last = 0;
  for (const { name, typeOid } of relation.columns) {
    const column = byName.get(name);
    if (column === undefined || column.typeOid !== typeOid || column.number <= last) return null;
    last = column.number;
    origins.set(name, originOf(relation.oid, column.number));
  }
  return origins;
}

/** Origins of a table's columns as the catalog has them. */
export function catalogOrigins({ oid, columns }: CatalogTable): Origins {
  return new Map(columns.map(({ name, number }) => [name, originOf(oid, number)]));
}

export function originOf(oid: number, number: number): string {
  return `${oid}.${number}`;
}

const FIRST_NORMAL_XID = 3;

/** Transaction numbers go round: one is later than another that is less than half of them behind. */
export function isLater(xid: number, than: number): boolean {
  return xid >= FIRST_NORMAL_XID && ((xid - than) | 0) > 0;
}
