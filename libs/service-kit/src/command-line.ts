import { parseArgs } from 'node:util';

export interface ServiceArguments {
  readonly configPath: string;
  readonly help: boolean;
}

/** @throws TypeError with a sentence for the person when the arguments are not understood */
export function parseServiceArguments(argv: readonly string[]): ServiceArguments {
  const { values } = parseArgs({
    args: [...argv],
    strict: true,
    options: {
      config: { type: 'string', short: 'c', default: 'hasivu.yaml' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  return { configPath: values.config, help: values.help };
}

export function serviceUsage(name: string, summary: string): string {
  return [
    `${name}: ${summary}`,
    '',
    `Usage: node services/${name}/src/main.ts --config hasivu.yaml`,
    '',
    'Options:',
    '  -c, --config FILE   configuration (default hasivu.yaml)',
    '  -h, --help          this text',
    '',
    'Environment:',
    '  HASIVU_HTTP_PORT    port of /livez, /readyz and /metrics; overrides the file',
    '  HASIVU__A__B        overrides the field a.b of the file',
    '',
    'Exit codes: 0 drained after SIGTERM · 1 failed, a restart replays · 2 something has to be changed first',
    '',
  ].join('\n');
}
