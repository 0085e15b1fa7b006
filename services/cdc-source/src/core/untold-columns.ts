import type { ColumnSchema } from '@hasivu/change-events';

/**
 * New columns with a default that rows of before do not have as their initial value: the table was written anew, for a
 * default that is no constant or since, or events went without them; and what rows have in them no event tells.
 */
export class UntoldColumns {
  /** Columns that events had, by table; null before the first. */
  readonly #known = new Map<string, readonly ColumnSchema[] | null>();

  isKnown(table: string): boolean {
    return this.#known.has(table);
  }

  /** @param columns of the events of before; null where there were none */
  begin(table: string, columns: readonly ColumnSchema[] | null): void {
    this.#known.set(table, columns);
  }

  /**
   * Names of those among the columns that events have from here on.
   * @param isUntold whether one without an initial value may have values in rows of before
   */
  among(
    table: string,
    columns: readonly ColumnSchema[],
    isUntold: (column: ColumnSchema) => boolean,
  ): readonly string[] {
    const known = this.#known.get(table) ?? null;
    this.#known.set(table, [...(known ?? []), ...columns.filter((one) => !isAmong(one, known ?? []))]);
    if (known === null) return [];
    const untold = columns.filter(
      (one) => one.initial === undefined && isUntold(one) && !isAmong(one, known),
    );
    return untold.map(({ name }) => name);
  }
}

/** By name where one of two is not known to be anything. */
function isAmong(one: ColumnSchema, known: readonly ColumnSchema[]): boolean {
  return known.some((other) =>
    one.origin === undefined || other.origin === undefined
      ? one.name === other.name
      : one.origin === other.origin,
  );
}
