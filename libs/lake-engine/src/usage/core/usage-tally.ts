import { OBJECT_KINDS, placeOf, type ObjectKind } from './object-place.ts';

export interface UsageSum {
  readonly objects: number;
  readonly bytes: number;
}

type Sums = Record<ObjectKind, { objects: number; bytes: number }>;

/** Sums of one listing of the lake: as large as its number of tables, however many objects they have. */
export class UsageTally {
  readonly #tables = new Map<string, Sums>();
  #objects = 0;
  #bytes = 0;

  add(key: string, sizeBytes: number): void {
    const { table, kind } = placeOf(key);
    let sums = this.#tables.get(table);
    if (sums === undefined) this.#tables.set(table, (sums = noSums()));
    sums[kind].objects += 1;
    sums[kind].bytes += sizeBytes;
    this.#objects += 1;
    this.#bytes += sizeBytes;
  }

  get total(): UsageSum {
    return { objects: this.#objects, bytes: this.#bytes };
  }

  /** By table, as they came; what is in none of them under the empty name. */
  get tables(): Iterable<readonly [string, Readonly<Record<ObjectKind, UsageSum>>]> {
    return this.#tables;
  }
}

function noSums(): Sums {
  return Object.fromEntries(OBJECT_KINDS.map((kind) => [kind, { objects: 0, bytes: 0 }])) as Sums;
}
