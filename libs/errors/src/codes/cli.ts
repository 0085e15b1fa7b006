import type { ErrorEntry } from '../error-entry.ts';

export const cliErrors = {
  CLI_USAGE: {
    summary: 'The command line is not understood',
    cause: 'An unknown command or option, a missing argument, or a value out of its bounds.',
    remedy: 'Run the command with --help: it shows every option with examples.',
    retry: 'manual',
  },
  CLI_GROUP_RUNNING: {
    summary: 'These services are already running',
    cause:
      'Another `hasivu run` of the same file is alive; two groups would fight over one replication slot.',
    remedy: 'Use the running group (`hasivu status`), or stop it first with Ctrl-C or kill.',
    retry: 'manual',
  },
  CLI_SERVICE_NEEDS_OPERATOR: {
    summary: 'A service stopped and says that a person has to change something first',
    cause:
      'The service met a mistake that a restart would only repeat: a password, a setting, a missing table.',
    remedy: 'Do what the message of the service says, then run the command again.',
    retry: 'manual',
  },
  CLI_TOPIC_UNKNOWN: {
    summary: 'There is no such topic',
    cause:
      'The name is misspelt, the prefix differs from the one in the configuration, or nothing was written yet.',
    remedy: 'Pick one of the topics that the message lists; the prefix of the configuration may be left out.',
    retry: 'manual',
  },
  CLI_TABLE_UNKNOWN: {
    summary: 'There is no such table in the lake',
    cause: 'The name is misspelt, or the sink has not committed to the table yet.',
    remedy:
      'Use bronze.<schema>.<table>, silver.<schema>.<table> or curated.<pipeline>.<output>; check `hasivu status`.',
    retry: 'manual',
  },
  CLI_QUERY_FAILED: {
    summary: 'The query engine refused the statement',
    cause: 'A syntax error, an unknown column, or a type that does not fit.',
    remedy:
      'Correct the statement where the message points; `describe silver.<schema>.<table>` lists columns and types.',
    retry: 'manual',
  },
  CLI_SOURCE_UNKNOWN: {
    summary: 'The database has no source of this name',
    cause: 'The source of the configuration was never started, or its slot was dropped.',
    remedy: 'Start the source first (`hasivu run -f hasivu.yaml`), or correct source.postgres.slot.',
    retry: 'manual',
  },
  CLI_STACK_DOWN: {
    summary: 'The local stack is not running',
    cause: 'It was never started, was stopped, or its state directory was removed.',
    remedy: 'Start it with `hasivu local up`.',
    retry: 'manual',
  },
  DEMO_NOT_CAUGHT_UP: {
    summary: 'The lake did not catch up with the source in time',
    cause: 'A service is stopped, slow or failing; its log says which.',
    remedy: 'Read .hasivu/demo/logs, and run the demo again with --keep to look at the running services.',
    retry: 'restart',
  },
  DEMO_DIFFERENT: {
    summary: 'The lake differs from the source',
    cause: 'Rows were lost, repeated or changed on the way: this is a defect.',
    remedy: 'Run the demo again with --keep and compare the tables that the proof marks.',
    retry: 'restart',
  },
} as const satisfies Record<string, ErrorEntry>;
