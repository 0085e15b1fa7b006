/** What the catalog says about a type; enough to decide how its values travel. */
export interface PgType {
  readonly oid: number;
  /** Unqualified name, e.g. `int4`. */
  readonly name: string;
  readonly schema: string;
  /** `typtype`: b base, c composite, d domain, e enum, p pseudo, r range, m multirange. */
  readonly kind: string;
  /** Element type where this is a true array type (`_int4`, not `int2vector`), else 0. */
  readonly elementOid: number;
  /** Character between the elements of an array of this type. */
  readonly delimiter: string;
  /** Base type of a domain, else 0. */
  readonly baseOid: number;
  /** Modifier that a domain puts on its base type, else -1. */
  readonly baseTypmod: number;
  /** Declared dimensions of a domain over an array, else 0. */
  readonly baseDimensions: number;
  /**
   * What writes the type's binary form: the C name of a function of the server itself (`int4send`), `<library>:<function>`
   * of an extension's (`hstore:hstore_send`), else empty. A domain has its base type's.
   */
  readonly send: string;
  /** Types of a composite's fields; the bound's type of a range, the range type of a multirange. */
  readonly partOids: readonly number[];
}

/** Types by OID. A missing entry is a type that was dropped since: its values travel as text. */
export type TypeLookup = (oid: number) => PgType | undefined;
