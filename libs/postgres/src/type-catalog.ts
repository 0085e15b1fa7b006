import type { PgType } from '@hasivu/pgoutput';

import type { CatalogSession } from './catalog-session.ts';

interface TypeRow {
  readonly oid: string;
  readonly name: string;
  readonly schema: string;
  readonly kind: string;
  readonly element: string;
  readonly delimiter: string;
  readonly base: string;
  readonly base_typmod: number;
  readonly base_dimensions: number;
  readonly send: string;
  readonly parts: string[];
}

// The name alone says nothing of a function that anyone may write; its language and library do.
const SEND_SQL = `coalesce((SELECT CASE l.lanname WHEN 'internal' THEN p.prosrc
          WHEN 'c' THEN regexp_replace(p.probin, '^.*/|\\.[a-z]+$', '', 'g') || ':' || p.prosrc
          ELSE l.lanname || ':' || p.oid END
     FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.oid = t.typsend), '')`;

const PARTS_SQL = `ARRAY(
   SELECT a.atttypid::text FROM pg_attribute a
    WHERE a.attrelid = t.typrelid AND t.typrelid <> 0 AND a.attnum > 0 AND NOT a.attisdropped
   UNION SELECT r.rngsubtype::text FROM pg_range r WHERE r.rngtypid = t.oid
   UNION SELECT r.rngtypid::text FROM pg_range r WHERE r.rngmultitypid = t.oid)`;

/** Types by OID, loaded on first use together with the types they are made of, and kept for the session. */
export class TypeCatalog {
  readonly #session: CatalogSession;
  readonly #types = new Map<number, PgType>();

  constructor(session: CatalogSession) {
    this.#session = session;
  }

  readonly lookup = (oid: number): PgType | undefined => this.#types.get(oid);

  /** Makes `lookup` answer for these types; a type that no longer exists stays unknown. */
  async load(oids: readonly number[]): Promise<void> {
    let missing = [...new Set(oids)].filter((oid) => oid !== 0 && !this.#types.has(oid));
    while (missing.length > 0) {
      const rows = await this.#session.query<TypeRow>(
        'looking up types',
        `SELECT t.oid::text, t.typname::text AS name, n.nspname::text AS schema, t.typtype::text AS kind,
                coalesce(e.oid, 0)::text AS element, t.typdelim::text AS delimiter, t.typbasetype::text AS base,
                t.typtypmod AS base_typmod, t.typndims AS base_dimensions, ${SEND_SQL} AS send, ${PARTS_SQL} AS parts
           FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
           LEFT JOIN pg_type e ON e.typarray = t.oid
          WHERE t.oid = ANY($1::text[]::oid[])`,
        [missing.map(String)],
      );
      const next: number[] = [];
      for (const row of rows) {
        const type = fromRow(row);
        this.#types.set(type.oid, type);
        next.push(type.elementOid, type.baseOid, ...type.partOids);
      }
      missing = [...new Set(next)].filter((oid) => oid !== 0 && !this.#types.has(oid));
    }
  }
}

function fromRow(row: TypeRow): PgType {
  return {
    oid: Number(row.oid),
    name: row.name,
    schema: row.schema,
    kind: row.kind,
    elementOid: Number(row.element),
    delimiter: row.delimiter,
    baseOid: Number(row.base),
    baseTypmod: row.base_typmod,
    baseDimensions: row.base_dimensions,
    send: row.send,
    partOids: row.parts.map(Number),
  };
}
