import type { LakeLayer, LakeTableSettings } from './lake-table-settings.ts';
import { ageMs } from './retention-section.ts';

/** Rows of a table that go by their age. */
export interface TableRetention {
  readonly column: string;
  readonly ageMs: number;
}

/** By which column rows of a layer are old, where the configuration does not say. */
const AGE_COLUMNS: Readonly<Record<LakeLayer, string | undefined>> = {
  bronze: '_committed_at',
  silver: undefined,
  // Versions that last have no end, and stay.
  history: '_valid_to',
  curated: undefined,
};

/** What goes of a table of the lake; null where nothing does: no policy, no such column, or a legal hold. */
export function tableRetention(
  { layer, config }: LakeTableSettings,
  columns: ReadonlySet<string>,
): TableRetention | null {
  const { retention } = config;
  if (retention === undefined || retention.hold !== undefined || layer === 'curated') return null;
  const age = retention[layer];
  const column = layer === 'silver' ? retention.column : AGE_COLUMNS[layer];
  if (age === undefined || column === undefined || !columns.has(column)) return null;
  return { column, ageMs: ageMs(age) };
}
