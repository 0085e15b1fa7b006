import { partitionId, type AddFile, type DeltaStruct, type PartitionValues } from '@hasivu/delta';
import { inOrderOf } from './bound-order.ts';
import { deletedShare } from './compaction-plan.ts';
import { bytesOf, neighbours } from './neighbours.ts';

/** Names that Spark gives to the tags of files that an OPTIMIZE ZORDER BY has written. */
const CUBE_ID = 'ZCUBE_ID';
const CUBE_COLUMNS = 'ZCUBE_ZORDER_BY';
const CUBE_CURVE = 'ZCUBE_ZORDER_CURVE';
const CURVE = 'zorder';

export interface ClusteringRule {
  /** One to four columns, none of which names a partition. */
  readonly columns: readonly string[];
  /** Size that a file aims at, in bytes. */
  readonly targetBytes: number;
  /** Files that are sorted together at most, in bytes: what the engine has on disk at a time. */
  readonly cubeBytes: number;
  readonly maxFiles: number;
  readonly maxDeletedShare: number;
  /** Files that are not sorted wait until there are so many bytes of them. 0 sorts whatever there is. */
  readonly leastBytes: number;
  /** A sorted cube that is not full is sorted again with new files once these come to this share of it. */
  readonly growth: number;
  /** Files that came later than this, in milliseconds since 1970, are left to whoever writes them. */
  readonly settledBeforeMs: number;
}

/** Files of one partition that are sorted together into files of the target size. */
export interface ClusteringCube {
  readonly partitionValues: PartitionValues;
  readonly files: readonly AddFile[];
  readonly bytes: number;
}

/** Tags of the files of one cube. */
export function cubeTags(cubeId: string, columns: readonly string[]): Readonly<Record<string, string>> {
  return { [CUBE_ID]: cubeId, [CUBE_COLUMNS]: JSON.stringify(columns), [CUBE_CURVE]: CURVE };
}

/** The cube that a file belongs to; null where it is not sorted by these columns. */
export function cubeOf(file: AddFile, columns: readonly string[]): string | null {
  const { tags } = file;
  if (tags?.[CUBE_COLUMNS] !== JSON.stringify(columns) || tags[CUBE_CURVE] !== CURVE) return null;
  return tags[CUBE_ID] ?? null;
}

/**
 * What is to be sorted, by partition: files that are not sorted by these columns and what is left of cubes with many
 * marked rows, with a cube that has room for them. A table that is sorted has nothing to do.
 */
export function planClustering(
  files: Iterable<AddFile>,
  layout: {
    readonly schema: DeltaStruct;
    readonly partitionColumns: readonly string[];
    readonly orderBy: readonly string[];
  },
  rule: ClusteringRule,
): ClusteringCube[] {
  const planned: ClusteringCube[] = [];
  const partitions = Map.groupBy(files, (file) => partitionId(layout.partitionColumns, file.partitionValues));
  for (const partition of partitions.values()) {
    const cubes = new Map<string, AddFile[]>();
    const loose: AddFile[] = [];
    for (const file of partition) {
      const cube = cubeOf(file, rule.columns);
      if (cube === null) {
        if (file.modificationTime <= rule.settledBeforeMs) loose.push(file);
      } else cubes.set(cube, [...(cubes.get(cube) ?? []), file]);
    }
    const worn = [...cubes.values()].filter((cube) =>
      cube.some((file) => deletedShare(file) > rule.maxDeletedShare),
    );
    // A single small file gains nothing by being sorted.
    if (worn.length === 0 && (loose.length === 0 || bytesOf(loose) < rule.leastBytes)) continue;
    const going = [...worn.flat(), ...loose];
    const open = [...cubes.values()]
      .filter((cube) => !worn.includes(cube) && canTake(cube, going, rule))
      .sort((left, right) => bytesOf(left) - bytesOf(right))[0];
    const ordered = inOrderOf([...(open ?? []), ...going], layout.schema, layout.orderBy[0]);
    for (const run of neighbours(ordered, (file) => file.size, rule.cubeBytes, rule.maxFiles))
      planned.push(cubeFrom(run));
  }
  return planned;
}

function canTake(cube: readonly AddFile[], going: readonly AddFile[], rule: ClusteringRule): boolean {
  const bytes = bytesOf(cube);
  const more = bytesOf(going);
  return bytes + more <= rule.cubeBytes && more >= rule.growth * bytes;
}

function cubeFrom(files: readonly AddFile[]): ClusteringCube {
  return { partitionValues: (files[0] as AddFile).partitionValues, files, bytes: bytesOf(files) };
}
