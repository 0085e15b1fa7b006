import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { EXIT } from '@hasivu/errors';
import type { CliContext } from './cli-context.ts';
import { pointInTime, wholeNumber } from './command-arguments.ts';
import { configFile, examples, EXIT_CODES } from './command-help.ts';
import { checkConfigFile } from './commands/config-check.ts';
import { runDemo } from './commands/demo.ts';
import { stackDown, stackStatus, stackUp } from './commands/local.ts';
import { runQuery, type QueryOptions } from './commands/query.ts';
import { runServices } from './commands/run.ts';
import { showStatus } from './commands/status.ts';
import { tailTopic } from './commands/tail.ts';
import { addLake } from './lake/lake-program.ts';
import { addSnapshot } from './snapshot/snapshot-program.ts';

/** Runs one command line; resolves with the exit code. Errors of commands are thrown, those of usage printed here. */
export async function runCli(argv: readonly string[], context: CliContext): Promise<number> {
  let code: number = EXIT.ok;
  const program = createProgram(context, (result) => void (code = result));
  try {
    // --verbose is read by main.ts and may stand anywhere; commander would take it before the command only.
    await program.parseAsync(
      argv.filter((argument) => argument !== '--verbose'),
      { from: 'user' },
    );
    return code;
  } catch (error) {
    // Help and version end with 0; anything else commander throws is a mistake in the command line.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.needsOperator;
    throw error;
  }
}

function createProgram(context: CliContext, done: (code: number) => void): Command {
  const program = new Command('hasivu')
    .description('Postgres change data capture through Kafka to Delta Lake tables')
    .option('--verbose', 'print stacks and causes of errors')
    .configureOutput({
      writeOut: (text) => context.out.write(text),
      writeErr: (text) => context.err.write(text),
    })
    .showHelpAfterError('(run with --help for options and examples)')
    .exitOverride()
    .addHelpText(
      'after',
      `\nExamples:\n  hasivu local up\n  hasivu run -f hasivu.yaml\n  hasivu query "select count(*) from silver.public.orders"\n${EXIT_CODES}`,
    );
  addLocal(program, context, done);
  addRun(program, context, done);
  addTail(program, context, done);
  addQuery(program, context, done);
  addLake(program, context, done);
  addSnapshot(program, context, done);
  addConfig(program, context, done);
  addDemo(program, context, done);
  return program;
}

function addLocal(program: Command, context: CliContext, done: (code: number) => void): void {
  const local = program
    .command('local')
    .description('real Postgres, Kafka, registry and S3 on this machine, without Docker');
  const json = (): Option =>
    new Option('--json', "print one object with every part's URL and credentials").default(false);
  examples(
    local
      .command('up')
      .description('start the stack, or attach to it where it is already up; downloads once')
      .addOption(json())
      .option('--foreground', 'stay until Ctrl-C and stop the stack then', false)
      .action(async (options: { json: boolean; foreground: boolean }) =>
        done(await stackUp(context, options)),
      ),
    ['hasivu local up', 'hasivu local up --foreground', 'hasivu local up --json | jq -r .postgres.url'],
  );
  examples(
    local
      .command('down')
      .description('stop the stack; its data stays under .hasivu')
      .addOption(json())
      .action(async (options: { json: boolean }) => done(await stackDown(context, options))),
    ['hasivu local down'],
  );
  examples(
    local
      .command('status')
      .description('state, URLs and credentials of the stack; exit code 1 when it is not up')
      .addOption(json())
      .action(async (options: { json: boolean }) => done(await stackStatus(context, options))),
    ['hasivu local status', 'hasivu local status --json'],
  );
}

function addRun(program: Command, context: CliContext, done: (code: number) => void): void {
  examples(
    program
      .command('run')
      .description('run all services of a configuration as one supervised group, until Ctrl-C')
      .addOption(configFile())
      .option('--json', 'print one JSON object a line', false)
      .action(async (options: { file: string; json: boolean }) => done(await runServices(context, options))),
    ['hasivu run -f hasivu.yaml', 'hasivu run -f hasivu.yaml --json | jq .services'],
  );
  examples(
    program
      .command('status')
      .description('state of the local stack and of the running group')
      .option('--json', 'print one object', false)
      .action(async (options: { json: boolean }) => done(await showStatus(context, options))),
    ['hasivu status', 'hasivu status --json'],
  );
}

function addTail(program: Command, context: CliContext, done: (code: number) => void): void {
  examples(
    program
      .command('tail')
      .description('print the records of a topic, decoded, committed ones only')
      .argument('<topic>', 'topic; the prefix of the configuration may be left out')
      .addOption(configFile())
      .option('--json', 'print one JSON object a line', false)
      .addOption(
        new Option('--from <where>', 'where to begin').choices(['beginning', 'latest']).default('latest'),
      )
      .option('--max <records>', 'end after this many records', positiveInteger)
      .action(
        async (
          topic: string,
          options: { file: string; json: boolean; from: 'beginning' | 'latest'; max?: number },
        ) => done(await tailTopic(context, topic, options)),
      ),
    [
      'hasivu tail public.orders',
      'hasivu tail public.orders.quarantine --from beginning --max 5',
      'hasivu tail lineage --json | jq .value.eventType',
    ],
  );
}

function addQuery(program: Command, context: CliContext, done: (code: number) => void): void {
  examples(
    program
      .command('query')
      .description('run SQL (DuckDB) over the Delta tables of the lake')
      .argument(
        '<sql>',
        'statement; tables are bronze.<schema>.<table>, silver.<schema>.<table>, curated.<pipeline>.<output>',
      )
      .addOption(configFile())
      .addOption(
        new Option('--format <format>', 'form of the result')
          .choices(['table', 'json', 'csv'])
          .default('table'),
      )
      .option('--at-version <version>', 'read the tables as of this version of their log', wholeNumber)
      .option('--at-time <time>', 'read the tables as they were then, e.g. 2026-01-31T09:00:00Z', pointInTime)
      .option('--explain', 'say on stderr which files, row groups, columns and bytes were read', false)
      .action(async (sql: string, options: QueryOptions) => done(await runQuery(context, sql, options))),
    [
      'hasivu query "select status, count(*) from silver.public.orders group by all"',
      'hasivu query "select _op, count(*) from bronze.public.orders group by 1" --format csv',
      'hasivu query "from curated.orders_clean.orders limit 5" --format json',
      'hasivu query "select count(*) from silver.public.orders" --at-time 2026-01-31T09:00:00Z',
      `hasivu query "select sum(total) from silver.public.orders where id < 1000" --explain`,
    ],
  );
}

function addConfig(program: Command, context: CliContext, done: (code: number) => void): void {
  const config = program.command('config').description('work with configuration files');
  examples(
    config
      .command('check')
      .description('list every mistake of a configuration with its path, without starting anything')
      .addOption(configFile())
      .option('--json', 'print one object', false)
      .action((options: { file: string; json: boolean }) => done(checkConfigFile(context, options))),
    ['hasivu config check -f hasivu.yaml', 'hasivu config check -f hasivu.yaml --json'],
  );
}

function addDemo(program: Command, context: CliContext, done: (code: number) => void): void {
  examples(
    program
      .command('demo')
      .description(
        'from nothing to a proven lake: start the stack, seed, snapshot, run a live load, compare Postgres with the lake',
      )
      .option('--seconds <seconds>', 'length of the live load', positiveInteger, 60)
      .option('--seed <number>', 'seed of data and load', wholeNumber, 42)
      .option('--keep', 'leave the stack and the services running', false)
      .action(async (options: { seconds: number; seed: number; keep: boolean }) =>
        done(await runDemo(context, options)),
      ),
    ['npm run demo', 'npm run demo -- --seconds 20', 'npm run demo -- --keep'],
  );
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('It must be a whole number above 0.');
  return value;
}
