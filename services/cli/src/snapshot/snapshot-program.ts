import { Option, type Command } from 'commander';

import type { CliContext } from '../cli-context.ts';
import { configFile, examples } from '../command-help.ts';
import {
  pauseSnapshot,
  resumeSnapshot,
  showSnapshots,
  startSnapshot,
  stopSnapshot,
  type SnapshotOptions,
  type SnapshotStartOptions,
} from '../commands/snapshot.ts';

type Done = (code: number) => void;

/** `hasivu snapshot …`: tables read again beside the stream of a running source. */
export function addSnapshot(program: Command, context: CliContext, done: Done): void {
  const snapshot = program
    .command('snapshot')
    .description('have tables read again beside the stream, and see how far that is');
  examples(
    withOptions(snapshot.command('start'))
      .description(
        'have tables read again: all rows, or those that fulfil a condition; the stream goes on meanwhile',
      )
      .argument('<tables...>', 'captured tables, schema.table; * in the table part for any characters')
      .option('--where <sql>', 'condition on the rows of the one table that is named, as SQL')
      .option('--wait', 'stay until it is done', false)
      .action(async (tables: string[], options: SnapshotStartOptions) =>
        done(await startSnapshot(context, tables, options)),
      ),
    [
      'hasivu snapshot start public.orders',
      `hasivu snapshot start public.orders --where "created_at >= '2026-01-01'" --wait`,
      'hasivu snapshot start "public.*" --json | jq -r .signal',
    ],
  );
  examples(
    withOptions(snapshot.command('status'))
      .description('what is read, what waits, and what became of the last ones')
      .action(async (options: SnapshotOptions) => done(await showSnapshots(context, options))),
    ['hasivu snapshot status', "hasivu snapshot status --json | jq '.pending[0].progress.secondsLeft'"],
  );
  examples(
    withOptions(snapshot.command('stop'))
      .description('end snapshots; rows that were read stay')
      .argument('[tables...]', 'tables; all where none is named')
      .action(async (tables: string[], options: SnapshotOptions) =>
        done(await stopSnapshot(context, tables, options)),
      ),
    ['hasivu snapshot stop', 'hasivu snapshot stop public.orders'],
  );
  examples(
    withOptions(snapshot.command('pause'))
      .description('read nothing more until resume')
      .action(async (options: SnapshotOptions) => done(await pauseSnapshot(context, options))),
    ['hasivu snapshot pause'],
  );
  examples(
    withOptions(snapshot.command('resume'))
      .description('go on where pause stopped')
      .action(async (options: SnapshotOptions) => done(await resumeSnapshot(context, options))),
    ['hasivu snapshot resume'],
  );
}

function withOptions(command: Command): Command {
  return command
    .addOption(configFile())
    .option('--source <name>', 'the database, where the file has several')
    .addOption(new Option('--json', 'print one object').default(false));
}
