import type { AddFile } from '@hasivu/delta';

export function bytesOf(files: Iterable<AddFile>): number {
  let bytes = 0;
  for (const file of files) bytes += file.size;
  return bytes;
}

/** Files in their order, cut where the next one would go beyond the bytes or the count. */
export function neighbours(ordered: readonly AddFile[], mostBytes: number, mostFiles: number): AddFile[][] {
  const runs: AddFile[][] = [];
  let bytes = 0;
  for (const file of ordered) {
    const last = runs.at(-1);
    if (last === undefined || bytes + file.size > mostBytes || last.length === mostFiles) {
      runs.push([file]);
      bytes = file.size;
    } else {
      last.push(file);
      bytes += file.size;
    }
  }
  return runs;
}
