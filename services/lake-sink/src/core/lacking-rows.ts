import type { ColumnSchema, EnvelopeReader } from '@hasivu/change-events';
import type { DeltaField } from '@hasivu/delta';
import {
  comparePlaces,
  halvesOf,
  isAfter,
  type ChangePosition,
  type PlaceHalves,
} from './change-position.ts';
import { hasInitial, initialSince } from './column-initial.ts';
import { fieldFor } from './column-origin.ts';

/** Of the rows of one writer's schema, the last that came without a column before there was one. */
interface Last {
  readonly name: string;
  readonly since: PlaceHalves;
  readonly at: PlaceHalves;
}

/**
 * Up to where rows of a batch came without columns that have an initial value: from another partition, late. Rows
 * without the column that stand after one with it are of after it was dropped, and have no value in it.
 */
export class LackingRows {
  readonly #fields: readonly DeltaField[];
  readonly #initials: readonly DeltaField[];
  readonly #last = new Map<readonly ColumnSchema[], readonly Last[]>();

  constructor(rowFields: readonly DeltaField[]) {
    this.#fields = rowFields;
    this.#initials = rowFields.filter(hasInitial);
  }

  /** Takes the row that the reader has read. */
  note(reader: EnvelopeReader): void {
    if (this.#initials.length === 0) return;
    const { columns } = reader.layout;
    let lasts = this.#last.get(columns);
    if (lasts === undefined) this.#last.set(columns, (lasts = this.#lackedBy(columns)));
    for (const { since, at } of lasts) {
      if (comparePlaces(reader, since) >= 0 || comparePlaces(reader, at) <= 0) continue;
      at.lsnHi = reader.commitLsnHi;
      at.lsnLo = reader.commitLsnLo >>> 0;
      at.seq = reader.seq;
    }
  }

  /** By column the last change that came without it, before the first that was seen with it. */
  get upTo(): ReadonlyMap<string, ChangePosition> {
    const found = new Map<string, ChangePosition>();
    for (const { name, at: last } of [...this.#last.values()].flat()) {
      if (last.lsnHi < 0) continue;
      const at = { lsn: (BigInt(last.lsnHi) << 32n) | BigInt(last.lsnLo), seq: last.seq };
      const known = found.get(name);
      if (known === undefined || isAfter(at, known)) found.set(name, at);
    }
    return found;
  }

  #lackedBy(columns: readonly ColumnSchema[]): readonly Last[] {
    const sent = new Set(columns.map((source) => fieldFor(this.#fields, source)));
    return this.#initials.flatMap((own) => {
      const since = sent.has(own) ? null : initialSince(own);
      if (since === null) return [];
      return [{ name: own.name, since: halvesOf(since), at: { lsnHi: -1, lsnLo: 0, seq: -1 } }];
    });
  }
}
