import { grouped, markdownTable } from '../markdown-table.ts';
import type { TableReading } from './table-reading.ts';
import type { TenantLakeFigures } from './tenant-lake.ts';
import type { TenantsResult } from './tenants-bench.ts';

const KIB = 1 << 10;
const MIB = 1 << 20;

interface Column {
  readonly lake: TenantLakeFigures;
  readonly name: string;
  readonly reading: TableReading;
}

/** The result as a page. */
export function tenantsMarkdown(record: TenantsResult & { readonly takenAt: string }): string {
  const { takenAt, tenants, rows, flushRows, targetBytes, ranks, lakes } = record;
  const columns = lakes.flatMap((lake) =>
    lake.tables.flatMap(({ layer, written, kept }): Column[] => [
      { lake, name: `${lake.layout}, ${layer} as written`, reading: written },
      { lake, name: `${lake.layout}, ${layer} as kept`, reading: kept },
    ]),
  );
  const line = (name: string, of: (reading: TableReading) => string): string[] => [
    name,
    ...columns.map(({ reading }) => of(reading)),
  ];
  const lines = [
    line('data files', ({ band }) => grouped(band.files)),
    line('bytes of them, MiB', ({ band }) => (band.bytes / MIB).toFixed(1)),
    line('commits', ({ version }) => grouped(version)),
    line('share of the bytes in files of 0.5 to 2 times the target', ({ band }) => share(band.shareInBand)),
    line('share of the bytes in partitions below half the target, left out above', ({ band }) =>
      share(band.shareInSmallPartitions),
    ),
    line('files of such a partition, on average', ({ band }) => band.filesPerSmallPartition.toFixed(1)),
    line('load of the newest version: requests', ({ load }) => grouped(load.requests)),
    line('… CPU-s', ({ load }) => load.cpuSeconds.toFixed(2)),
    line('… ms', ({ load }) => grouped(load.milliseconds)),
    line('listing of the folder: objects', ({ listing }) => grouped(listing.objects)),
    line('… requests', ({ listing }) => grouped(listing.requests)),
    line('… ms', ({ listing }) => grouped(listing.milliseconds)),
    ...ranks.map((rank, at) =>
      line(`files, KiB for tenant ${rank} by size`, ({ reads }) => {
        const read = reads[at];
        return `${grouped(read?.files ?? 0)}, ${grouped(Math.ceil((read?.bytes ?? 0) / KIB))}`;
      }),
    ),
  ];
  const services = lakes.map(({ layout, sink, keeper }) => [
    layout,
    ...[sink, keeper].flatMap(({ cpuPerMillionRows, peakRssMiB }) => [
      cpuPerMillionRows.toFixed(1),
      peakRssMiB.toFixed(0),
    ]),
  ]);
  return [
    '# Tenants',
    `Taken ${takenAt.slice(0, 10)} with \`npm run bench -- tenants\`: ${grouped(rows)} rows of ${grouped(tenants)} tenants by Zipf's law, a commit every ${grouped(flushRows)} rows at most, files aim at ${grouped(targetBytes / MIB)} MiB.`,
    markdownTable(
      ['layout', 'sink, CPU-s per million rows', 'MiB', 'keeper, CPU-s per million rows', 'MiB'],
      services,
    ),
    markdownTable(['', ...columns.map(({ name }) => name)], lines),
    '',
  ].join('\n\n');
}

function share(of: number): string {
  return `${(100 * of).toFixed(1)} %`;
}
