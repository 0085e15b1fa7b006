import type { AddFile } from '@hasivu/delta';

export function bytesOf(files: Iterable<AddFile>): number {
  let bytes = 0;
  for (const file of files) bytes += file.size;
  return bytes;
}

/** Items in their order, cut where the next one would go beyond the bytes or the count. */
export function neighbours<T>(
  ordered: readonly T[],
  sizeOf: (item: T) => number,
  mostBytes: number,
  mostItems: number,
): T[][] {
  const runs: T[][] = [];
  let bytes = 0;
  for (const item of ordered) {
    const size = sizeOf(item);
    const last = runs.at(-1);
    if (last === undefined || bytes + size > mostBytes || last.length === mostItems) {
      runs.push([item]);
      bytes = size;
    } else {
      last.push(item);
      bytes += size;
    }
  }
  return runs;
}
