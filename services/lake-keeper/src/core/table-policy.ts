import {
  tableRetention,
  tierRules,
  type LakeLayer,
  type LakeTableSettings,
  type LakeConfig,
  type TableRetention,
} from '@hasivu/config';
import { clusterColumns, type OptimizeRule, type TableColumns, type TierRule } from '@hasivu/lake-engine';

const HOUR_MS = 3_600_000;
/** A file waits until small ones have come to half of it: a byte of a change log is then written about five times. */
const GROWTH = 0.5;

/** What is done to one table, and by which bounds. */
export interface TablePolicy {
  readonly layer: LakeLayer;
  /** Health is measured by this rule also where nothing is rewritten. */
  readonly rule: OptimizeRule;
  readonly optimizes: boolean;
  readonly vacuums: boolean;
  readonly vacuumEveryMs: number;
  /** Undefined leaves it to the table's own property. */
  readonly vacuumRetainMs: number | undefined;
  /** Rows that go by their age; null where they stay. */
  readonly retention: TableRetention | null;
  /** Storage classes by age; none where files stay where they are. */
  readonly tiers: readonly TierRule[];
  readonly tierEveryMs: number;
  /** Name of the case for which nothing of the table may go. */
  readonly hold: string | null;
}

export function tablePolicy(
  settings: LakeTableSettings,
  { maintenance: { compaction, vacuum }, tiers }: Pick<LakeConfig, 'maintenance' | 'tiers'>,
  columns: TableColumns,
): TablePolicy {
  const { layer, config } = settings;
  const own = config.maintenance;
  const isOn = own?.enabled ?? true;
  const hold = config.retention?.hold?.name ?? null;
  return {
    layer,
    rule: {
      targetBytes: own?.targetBytes ?? compaction.targetBytes,
      minFiles: compaction.minFiles,
      maxDeletedShare: compaction.maxDeletedShare,
      growth: GROWTH,
      settleMs: compaction.settleMs,
      clusterBy: clusterColumns(columns, config.clusterBy),
    },
    optimizes: isOn && compaction.enabled,
    vacuums: isOn && vacuum.enabled && (own?.vacuum ?? true) && hold === null,
    retention: isOn ? tableRetention(settings, columns.all) : null,
    tiers: isOn ? tierRules(tiers) : [],
    tierEveryMs: (tiers?.everyHours ?? 24) * HOUR_MS,
    hold,
    vacuumEveryMs: vacuum.everyHours * HOUR_MS,
    vacuumRetainMs: vacuum.retainHours === undefined ? undefined : vacuum.retainHours * HOUR_MS,
  };
}
