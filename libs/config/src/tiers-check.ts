import type { ConfigMistake } from './config-mistake.ts';
import type { LakeConfig } from './lake-section.ts';
import type { TiersConfig } from './tiers-section.ts';

/** Classes whose objects have to be restored before they can be read: a table with one of them is broken. */
const UNREADABLE: readonly string[] = ['GLACIER', 'DEEP_ARCHIVE'];

/** Folders of the lake: the tables' layers, and what is remembered of the log. */
const FOLDERS = ['bronze', 'silver', 'history', 'curated', '_access'] as const;

/** Tiers that would make tables unreadable, or that contradict each other. */
export function tierMistakes(lake: LakeConfig | undefined): ConfigMistake[] {
  const tiers = lake?.tiers;
  if (tiers === undefined) return [];
  const mistakes: ConfigMistake[] = [];
  if (lake?.folder !== undefined)
    mistakes.push({ path: '/lake/tiers', reason: 'is for a bucket: a folder has no storage classes' });
  const { accessLog } = tiers;
  if (accessLog !== undefined && isOfTables(accessLog, lake))
    mistakes.push({
      path: '/lake/tiers/accessLog/prefix',
      reason:
        'must not lie among the tables of the lake, nor be what the keys of tables begin with: they would be read as its log',
    });
  for (const name of ['warm', 'cold'] as const)
    if (UNREADABLE.includes(tiers[name]?.storageClass ?? ''))
      mistakes.push({
        path: `/lake/tiers/${name}/storageClass`,
        reason:
          'must be readable at once: objects of this class have to be restored first. GLACIER_IR need not',
      });
  if (tiers.warm !== undefined && tiers.cold !== undefined && tiers.warm.afterDays >= tiers.cold.afterDays)
    mistakes.push({
      path: '/lake/tiers/cold/afterDays',
      reason: `must be above those of warm (${tiers.warm.afterDays})`,
    });
  return mistakes;
}

function isOfTables(log: NonNullable<TiersConfig['accessLog']>, lake: LakeConfig | undefined): boolean {
  if ((log.bucket ?? lake?.bucket) !== lake?.bucket) return false;
  const lakePrefix = lake?.prefix ? `${lake.prefix}/` : '';
  return FOLDERS.some((name) => {
    const folder = `${lakePrefix}${name}/`;
    return log.prefix.startsWith(folder) || folder.startsWith(log.prefix);
  });
}
