import { readColumn, skipColumn, type AvroCursor, type ColumnSchema } from '@hasivu/change-events';
import type { DeltaField, PartitionValues } from '@hasivu/delta';
import { fieldFor } from './column-origin.ts';
import { lakeName } from './lake-name.ts';
import { partitionText, type PartitionColumn, type PartitionText } from './partition-spec.ts';

/** Reads a row's partition before the row is copied: it decides into which file. For one writer's schema. */
export class PartitionReader {
  readonly #columns: readonly ColumnSchema[];
  /** Per row column up to the last one needed: where its partition values go and how they are worded. */
  readonly #wanted: readonly { readonly at: number; readonly text: PartitionText }[][];
  readonly #names: readonly string[];
  readonly #texts: (string | null)[];

  constructor(
    columns: readonly ColumnSchema[],
    fields: readonly DeltaField[],
    partitions: readonly PartitionColumn[],
    table: string,
  ) {
    this.#columns = columns;
    this.#names = partitions.map((part) => part.name);
    this.#texts = partitions.map(() => null);
    const wanted: { at: number; text: PartitionText }[][] = columns.map(() => []);
    const names = columns.map((column) => fieldFor(fields, column)?.name);
    partitions.forEach((part, at) => {
      const index = names.indexOf(lakeName(part.source));
      const column = columns[index];
      if (column !== undefined) wanted[index]?.push({ at, text: partitionText(part, column.type, table) });
    });
    while (wanted.length > 0 && wanted.at(-1)?.length === 0) wanted.pop();
    this.#wanted = wanted;
  }

  /** One text that identifies the partition; `values` of the same row are read after it. */
  read(cursor: AvroCursor | null): string {
    this.#texts.fill(null);
    if (cursor === null) return this.#id();
    for (const [index, uses] of this.#wanted.entries()) {
      const column = this.#columns[index] as ColumnSchema;
      if (uses.length === 0) {
        skipColumn(cursor, column.type);
        continue;
      }
      const value = readColumn(cursor, column.type);
      if (value === null || typeof value === 'object') continue;
      for (const use of uses) this.#texts[use.at] = use.text(value);
    }
    return this.#id();
  }

  values(): PartitionValues {
    return Object.fromEntries(this.#names.map((name, at) => [name, this.#texts[at] ?? null]));
  }

  #id(): string {
    return this.#texts.map((text) => (text === null ? '-' : `+${text}`)).join('\u0000');
  }
}
