import { partitionId, type AddFile, type TableState } from '@hasivu/delta';

/** How the files of a table lie by size. */
export interface FileBand {
  readonly files: number;
  readonly bytes: number;
  readonly partitions: number;
  /** Share of the bytes of partitions of at least half the target that lie in files of 0.5 to 2 times the target. */
  readonly shareInBand: number;
  /** Share of all bytes that lies in partitions below half the target: no rewrite can bring these into the band. */
  readonly shareInSmallPartitions: number;
  /** Files of such a partition, on average; one is the best there is. */
  readonly filesPerSmallPartition: number;
}

const BAND = { from: 0.5, to: 2 } as const;

/** @param targetBytes size that a file aims at */
export function fileBand({ metadata, columns, files }: TableState, targetBytes: number): FileBand {
  const stored = metadata.partitionColumns.map((name) => columns.storedName(name));
  const partitions = [
    ...Map.groupBy(files.values(), ({ partitionValues }) => partitionId(stored, partitionValues)).values(),
  ];
  const isLarge = (partition: readonly AddFile[]): boolean => bytesOf(partition) >= BAND.from * targetBytes;
  const large = partitions.filter(isLarge).flat();
  const small = partitions.filter((partition) => !isLarge(partition));
  const inBand = large.filter(({ size }) => size >= BAND.from * targetBytes && size <= BAND.to * targetBytes);
  const bytes = bytesOf([...files.values()]);
  return {
    files: files.size,
    bytes,
    partitions: partitions.length,
    shareInBand: large.length === 0 ? 0 : bytesOf(inBand) / bytesOf(large),
    shareInSmallPartitions: bytes === 0 ? 0 : bytesOf(small.flat()) / bytes,
    filesPerSmallPartition: small.length === 0 ? 0 : small.flat().length / small.length,
  };
}

function bytesOf(files: readonly AddFile[]): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}
