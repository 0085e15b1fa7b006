import type { NamedHistory } from '@hasivu/config';
import { lakeName } from '../lake-name.ts';

/** Kinds of slowly changing dimensions, numbered as in the literature. */
export type HistoryType = 0 | 1 | 2 | 3 | 4 | 6;

/** One declared history of a source table; columns by their lake names. */
export interface HistoryForm {
  readonly type: HistoryType;
  /** Root of its table; of type 4's current table. */
  readonly root: string;
  /** Columns whose change opens a version; null for all that nothing else claims. */
  readonly track: readonly string[] | null;
  /** Columns whose change opens none, where `track` is null. */
  readonly ignore: readonly string[];
  /** Type 0: columns that keep their first value; null for all. */
  readonly retain: readonly string[] | null;
  /** Type 6: columns that hold the newest value in every version. */
  readonly overwrite: readonly string[];
  /** Types 3 and 6: columns whose value before the last change is kept too. */
  readonly previous: readonly string[];
}

/** @param folder of the source schema's histories */
export function historyForm(declared: NamedHistory, folder: string): HistoryForm {
  const { type, name, track, ignore = [], retain, overwrite = [], previous = [] } = declared;
  return {
    type: type as HistoryType,
    root: `${folder}/${name}`,
    track: track?.map(lakeName) ?? null,
    ignore: ignore.map(lakeName),
    retain: retain?.map(lakeName) ?? null,
    overwrite: overwrite.map(lakeName),
    previous: previous.map(lakeName),
  };
}

/** Which rows of a history a table holds. */
export type HistoryRows = 'all' | 'open' | 'closed';

/** One Delta table of a history; type 4 has two, all others have one. */
export interface HistoryTarget {
  readonly form: HistoryForm;
  readonly root: string;
  readonly rows: HistoryRows;
}

/**
 * The tables of the declared histories. Superseded versions come before the current table that they are told from: it
 * must not run ahead of them.
 */
export function historyTargets(forms: readonly HistoryForm[]): HistoryTarget[] {
  return forms.flatMap((form): HistoryTarget[] => {
    if (form.type === 4) {
      return [
        { form, root: `${form.root}_history`, rows: 'closed' },
        { form, root: form.root, rows: 'open' },
      ];
    }
    return [{ form, root: form.root, rows: form.type === 2 || form.type === 6 ? 'all' : 'open' }];
  });
}
