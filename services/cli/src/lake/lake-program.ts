import { InvalidArgumentError, Option, type Command } from 'commander';

import type { CliContext } from '../cli-context.ts';
import { pointInTime, wholeNumber } from '../command-arguments.ts';
import { configFile, examples } from '../command-help.ts';
import { showChanges, type ChangesOptions } from '../commands/lake-changes.ts';
import { deleteFromTable, type DeleteCommandOptions } from '../commands/lake-delete.ts';
import { showHistory, vacuum, type HistoryOptions, type VacuumCommandOptions } from '../commands/lake.ts';
import { addMaintenance } from './maintenance-program.ts';

const TABLE = 'as the lake has it: silver/public/orders';

/** `hasivu lake …`: the past of a table, and what of it is kept. */
export function addLake(program: Command, context: CliContext, done: (code: number) => void): void {
  const lake = program.command('lake').description('look after the Delta tables of the lake');
  examples(
    withOptions(lake.command('history'))
      .description('the commits of a table, newest first, with what they did')
      .argument('<table>', TABLE)
      .option('--limit <commits>', 'at most this many', atLeastOne, 20)
      .action(async (table: string, options: HistoryOptions) =>
        done(await showHistory(context, table, options)),
      ),
    [
      'hasivu lake history silver/public/orders',
      'hasivu lake history bronze/public/orders --limit 100 --json | jq .commits[0].version',
    ],
  );
  examples(
    withOptions(lake.command('vacuum'))
      .description('delete the files that no version within the retention needs; older versions end')
      .argument('<table>', TABLE)
      .option('--dry-run', 'only name the files', false)
      .option('--lite', 'look through the log alone: quicker, and blind to what crashed writers left', false)
      .option(
        '--retain-hours <hours>',
        "keep what was needed within this time; by default the table's own, 168",
        hours,
      )
      .option(
        '--unsafe-retention',
        'allow less than 168 hours and less than the table asks for; stop its readers and writers first',
        false,
      )
      .action(async (table: string, options: VacuumCommandOptions) =>
        done(await vacuum(context, table, options)),
      ),
    [
      'hasivu lake vacuum silver/public/orders --dry-run',
      'hasivu lake vacuum silver/public/orders',
      'hasivu lake vacuum bronze/public/orders --retain-hours 720 --json | jq .deletedFiles',
    ],
  );
  addChanges(lake, context, done);
  addDelete(lake, context, done);
  addMaintenance(lake, context, done);
}

function addChanges(lake: Command, context: CliContext, done: (code: number) => void): void {
  examples(
    lake
      .command('changes')
      .description(
        'the rows that commits changed, from the change data feed of a table (tables.<t>.changeDataFeed): its columns, _change_type, _commit_version, _commit_timestamp',
      )
      .argument('<table>', 'with dots as in a query, or as the lake has it: silver/public/orders')
      .addOption(configFile())
      .addOption(
        new Option('--from-version <version>', 'from the commit of this version on').argParser(wholeNumber),
      )
      .addOption(
        new Option('--from-time <time>', 'from the first commit at or after this time on').argParser(
          pointInTime,
        ),
      )
      .addOption(
        new Option('--to-version <version>', 'up to the commit of this version').argParser(wholeNumber),
      )
      .addOption(
        new Option('--to-time <time>', 'up to the last commit at or before this time').argParser(pointInTime),
      )
      .addOption(
        new Option('--format <format>', 'form of the result')
          .choices(['table', 'json', 'csv'])
          .default('table'),
      )
      .addOption(new Option('--json', 'the same as --format json').implies({ format: 'json' }).default(false))
      .action(async (table: string, options: ChangesOptions) =>
        done(await showChanges(context, table, options)),
      ),
    [
      'hasivu lake changes silver.public.orders --from-version 12',
      'hasivu lake changes silver.public.orders --from-time 2026-01-31T09:00:00Z --to-time 2026-01-31T10:00:00Z',
      'hasivu lake changes silver/public/orders --from-version 0 --json | jq \'.[] | select(._change_type == "delete")\'',
    ],
  );
}

function addDelete(lake: Command, context: CliContext, done: (code: number) => void): void {
  examples(
    withOptions(lake.command('delete'))
      .description(
        'delete the rows of a table that satisfy a condition, as one commit; older versions keep them until vacuum',
      )
      .argument('<table>', 'with dots as in a query, or as the lake has it: silver/public/orders')
      .requiredOption(
        '--where <condition>',
        'SQL (DuckDB) over the columns of the table: no subquery, nothing of the time or of chance',
      )
      .option('--dry-run', 'only count rows and files', false)
      .option('--yes', 'do not ask', false)
      .action(async (table: string, options: DeleteCommandOptions) =>
        done(await deleteFromTable(context, table, options)),
      ),
    [
      `hasivu lake delete silver.public.orders --where "tenant_id = 'x'" --dry-run`,
      `hasivu lake delete silver.public.orders --where "tenant_id = 'x'"`,
      `hasivu lake delete bronze.public.orders --where "_committed_at < '2025-01-01'" --yes --json | jq .rows`,
    ],
  );
}

function withOptions(command: Command): Command {
  return command.addOption(configFile()).addOption(new Option('--json', 'print one object').default(false));
}

function atLeastOne(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('It must be a whole number above 0.');
  return value;
}

function hours(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('It must be a number of hours, 0 or above.');
  return value;
}
