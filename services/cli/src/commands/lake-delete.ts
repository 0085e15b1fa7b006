import { join } from 'node:path';
import { DeltaTable } from '@hasivu/delta';
import { EXIT } from '@hasivu/errors';
import { deleteRows, Engine, FileCache, OpenTable, type DeleteReport } from '@hasivu/lake-engine';
import { openStore } from '@hasivu/object-store';
import type { CliContext } from '../cli-context.ts';
import { wrongUsage } from '../command-arguments.ts';
import { configWithLake } from '../lake/lake-section.ts';
import { checkHold } from '../lake/legal-hold.ts';
import { rootOf, surroundings } from '../lake/lake-table.ts';
import { MAINTENANCE_AGENT } from '../lake/open-lake.ts';
import { describeReference, parseReference, unknownTable } from '../lake/table-reference.ts';
import { formatCount } from '../terminal/quantity.ts';

export interface DeleteCommandOptions {
  readonly file: string;
  readonly where: string;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

const ENGINE_MEMORY_BYTES = 512 << 20;
const CACHE_BYTES = 2 ** 30;

/** Deletes the rows of a table that satisfy a condition, once a person has seen how many they are. */
export async function deleteFromTable(
  context: CliContext,
  name: string,
  options: DeleteCommandOptions,
): Promise<number> {
  const { where, dryRun, yes, json } = options;
  if (!dryRun && !yes && context.ask === null) throw wrongUsage('--yes is needed where nobody can be asked');
  const reference = parseReference(name);
  const table = describeReference(reference);
  await using resources = new AsyncDisposableStack();
  const config = configWithLake(context, options.file);
  if (!dryRun) checkHold(config, table, `deleting rows of the table ${table}`);
  const store = openStore({ ...config.lake, userAgent: MAINTENANCE_AGENT });
  resources.defer(() => store.close());
  const around = { ...surroundings(store), engineInfo: 'hasivu-cli/0.1.0' };
  const delta = await DeltaTable.open(rootOf(reference), around);
  if (delta === null) throw unknownTable(table);
  const cache = await FileCache.open(store, 'lake-delete', CACHE_BYTES);
  resources.defer(() => cache.close());
  const engine = new Engine({ folder: join(cache.folder, 'engine'), memoryBytes: ENGINE_MEMORY_BYTES });
  resources.defer(() => engine.close());
  const open = new OpenTable(delta, around);
  const tools = { engine, cache };
  const say = (report: DeleteReport, line: string): void =>
    context.out.write(json ? `${JSON.stringify({ table, dryRun, ...report })}\n` : `${line}\n`);

  if (dryRun || !yes) {
    const found = await deleteRows(open, tools, { where, dryRun: true, signal: context.stop });
    const what = `${rowsIn(found)} of ${table}`;
    if (dryRun || found.rows === 0) {
      say(
        found,
        found.rows === 0 ? `no row of ${table} satisfies the condition` : `${what} would be deleted`,
      );
      return EXIT.ok;
    }
    const answer = await context.ask?.(
      `Delete ${what}? Older versions keep them until vacuum. Type yes to go on: `,
    );
    if (answer?.trim().toLowerCase() !== 'yes') {
      context.err.write('nothing is deleted\n');
      return EXIT.failed;
    }
  }
  const report = await deleteRows(open, tools, { where, signal: context.stop });
  say(
    report,
    report.version === null
      ? `no row of ${table} satisfies the condition`
      : `${rowsIn(report)} of ${table} deleted, version ${report.version}`,
  );
  return EXIT.ok;
}

function rowsIn({ rows, files }: DeleteReport): string {
  return `${formatCount(rows)} ${rows === 1 ? 'row' : 'rows'} in ${formatCount(files)} ${files === 1 ? 'file' : 'files'}`;
}
