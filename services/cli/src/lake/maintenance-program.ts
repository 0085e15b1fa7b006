import { InvalidArgumentError, Option, type Command } from 'commander';
import type { CliContext } from '../cli-context.ts';
import { configFile, examples } from '../command-help.ts';
import { showHealth } from '../commands/lake-health.ts';
import { optimize, type OptimizeCommandOptions } from '../commands/lake-optimize.ts';
import { retain } from '../commands/lake-retain.ts';
import { tiers } from '../commands/lake-tiers.ts';
import { showUsage } from '../commands/lake-usage.ts';
import type { DryRunOptions, LakeOptions } from '../commands/lake.ts';

const TABLE = 'as the lake has it: silver/public/orders';

/** What of `hasivu lake …` lake-keeper does by itself, for one table and now. */
export function addMaintenance(lake: Command, context: CliContext, done: (code: number) => void): void {
  examples(
    withOptions(lake.command('optimize'))
      .description(
        'merge small files, take marked rows out of files, sort along a Z-order; runs beside writers, and Ctrl-C keeps what is done',
      )
      .argument('<table>', TABLE)
      .option(
        '--zorder-by <columns>',
        'one to four columns, with commas between; by default those of tables.<t>.clusterBy',
        columns,
      )
      .option(
        '--where <condition>',
        'only partitions for which this holds, SQL (DuckDB) over the columns that name them, e.g. "day >= \'2026-01-01\'"',
      )
      .option(
        '--target-size <size>',
        'size that a file aims at, e.g. 64MiB; by default by the size of the table',
        size,
      )
      .option('--dry-run', 'only name the files', false)
      .action(async (table: string, options: OptimizeCommandOptions) =>
        done(await optimize(context, table, options)),
      ),
    [
      'hasivu lake optimize bronze/public/orders',
      'hasivu lake optimize silver/public/orders --zorder-by tenant_id,created_at',
      'hasivu lake optimize bronze/public/orders --where "created_at_month >= \'2026-01\'" --dry-run',
    ],
  );
  examples(
    withOptions(lake.command('health'))
      .description(
        'how tables are stored: small files, marked rows, skew of partitions, what vacuum and optimize would do',
      )
      .argument('[table]', `${TABLE}; all tables by default`)
      .action(async (table: string | undefined, options: LakeOptions) =>
        done(await showHealth(context, table, options)),
      ),
    ['hasivu lake health', 'hasivu lake health bronze/public/orders --json | jq .tables[0].smallFiles'],
  );
  examples(
    withOptions(lake.command('usage'))
      .description(
        'what is stored under the prefix of the lake, by table and kind (live files, files that a vacuum would take sooner or later, logs, vectors, change files, other), against lake.capacity; a request for each 1,000 objects',
      )
      .action(async (options: LakeOptions) => done(await showUsage(context, options))),
    ['hasivu lake usage', 'hasivu lake usage --json | jq .ratio'],
  );
  examples(
    withOptions(lake.command('retain'))
      .description(
        'take rows that are older than tables.<t>.retention out of the lake; a table on legal hold is left alone',
      )
      .argument('[table]', `${TABLE}; all tables by default`)
      .option('--dry-run', 'only say what would go', false)
      .action(async (table: string | undefined, options: DryRunOptions) =>
        done(await retain(context, table, options)),
      ),
    ['hasivu lake retain --dry-run', 'hasivu lake retain bronze/public/orders'],
  );
  examples(
    withOptions(lake.command('tiers'))
      .description(
        'move data files to the storage class of their age, by lake.tiers; costs are by the list prices of Amazon S3',
      )
      .argument('[table]', `${TABLE}; all tables by default`)
      .option('--dry-run', 'only say what would move, what it costs and what it saves', false)
      .action(async (table: string | undefined, options: DryRunOptions) =>
        done(await tiers(context, table, options)),
      ),
    ['hasivu lake tiers --dry-run', 'hasivu lake tiers bronze/public/orders --json | jq .tables[0].cost'],
  );
}

function withOptions(command: Command): Command {
  return command.addOption(configFile()).addOption(new Option('--json', 'print one object').default(false));
}

function columns(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('') || names.length > 4 || new Set(names).size !== names.length)
    throw new InvalidArgumentError('It must be one to four columns with commas between, each once.');
  return names;
}

const UNITS: Readonly<Record<string, number>> = { kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30 };

function size(text: string): number {
  const match = /^(\d+(?:\.\d+)?) ?(kib|mib|gib)$/iu.exec(text.trim());
  const bytes = Number(match?.[1]) * (UNITS[(match?.[2] ?? '').toLowerCase()] ?? NaN);
  if (!(bytes >= 65_536 && bytes <= 2 ** 30))
    throw new InvalidArgumentError('It must be a size from 64KiB to 1GiB, such as 64MiB.');
  return Math.round(bytes);
}
