import type { CliContext } from '../cli-context.ts';
import { formatCount } from '../terminal/quantity.ts';
import { formatTextTable } from '../terminal/text-table.ts';
import type { DemoProof } from './demo-proof.ts';
import type { TableProof } from './proof/compare-table.ts';

type Out = Pick<CliContext, 'out' | 'paint'>;

/** Tables and rules side by side: what Postgres has and what the lake has. */
export function printProof(proof: DemoProof, { out, paint }: Out): void {
  const mark = (equal: boolean): string => (equal ? paint.green('equal') : paint.red('DIFFERENT'));
  const tables = proof.tables.map((table) => [
    table.table,
    formatCount(table.sourceRows),
    formatCount(table.lakeRows),
    shortChecksum(table.sourceChecksum),
    shortChecksum(table.lakeChecksum),
    table.differingColumns.length > 0
      ? `${mark(false)} in ${table.differingColumns.join(', ')}`
      : mark(table.equal),
  ]);
  const tableColumns = [
    { title: 'table' },
    { title: 'rows in Postgres', align: 'right' },
    { title: 'rows in the lake', align: 'right' },
    { title: 'checksum in Postgres' },
    { title: 'checksum in the lake' },
    { title: '' },
  ] as const;
  printIndented(formatTextTable(tableColumns, tables), out);
  out.write('\n');
  const rules = proof.rules.map(({ rule, expected, quarantined, equal }) => [
    rule,
    formatCount(expected),
    formatCount(quarantined),
    mark(equal),
  ]);
  const ruleColumns = [
    { title: 'rule' },
    { title: 'rows that break it', align: 'right' },
    { title: 'in quarantine', align: 'right' },
    { title: '' },
  ] as const;
  printIndented(formatTextTable(ruleColumns, rules), out);
}

/** Where to go from here, with commands that work as they stand. */
export function printNextSteps(
  facts: { configPath: string; prefix: string; kept: boolean; supervisorPid: number | null },
  { out, paint }: Out,
): void {
  const hasivu = 'npm run hasivu --';
  const file = `-f ${facts.configPath}`;
  const up = facts.kept ? [] : [['bring the servers back', `${hasivu} local up`]];
  const live = facts.kept
    ? [
        ['watch changes arrive', `${hasivu} tail ${file} public.orders`],
        ['the services now', `${hasivu} status`],
      ]
    : [['leave it running', 'npm run demo -- --keep']];
  const steps = [
    ...up,
    [
      'ask the lake',
      `${hasivu} query ${file} "select status, count(*) from silver.public.orders group by all"`,
    ],
    [
      'the log of one order',
      `${hasivu} query ${file} "select _op, _committed_at, status from bronze.public.orders where id = (select max(id) from silver.public.orders where status = 'collected') order by _lsn, _seq"`,
    ],
    ['rows that broke a rule', `${hasivu} tail ${file} public.orders.quarantine --from beginning --max 3`],
    ['where data comes from', `${hasivu} tail ${file} lineage --from beginning --max 1 --json`],
    ...live,
    ...(facts.kept
      ? [['stop it all', `kill ${facts.supervisorPid ?? '<pid>'} && ${hasivu} local down`]]
      : []),
  ];
  out.write(`\n${paint.bold('Where to look next')}\n`);
  for (const [what = '', command = ''] of steps) out.write(`  ${what.padEnd(24)}${paint.cyan(command)}\n`);
}

export function tableLine(proof: TableProof): string {
  return `${proof.table}: ${formatCount(proof.sourceRows)} rows, ${proof.equal ? 'equal' : 'DIFFERENT'}`;
}

/** The first digits are enough to see; the comparison is of all of them. */
function shortChecksum(checksum: string): string {
  return checksum.length > 18 ? `${checksum.slice(0, 17)}…` : checksum;
}

function printIndented(lines: readonly string[], out: Out['out']): void {
  for (const line of lines) out.write(`    ${line}\n`);
}
