/** Jest projects of each suite, in the order they run. */
export const SUITES = {
  all: ['unit', 'servers'],
  unit: ['unit'],
  servers: ['servers'],
  storm: ['unit', 'storm'],
  interop: ['interop'],
} as const;
export type Suite = keyof typeof SUITES;

export interface TestArguments {
  readonly suite: Suite;
  /** Everything else, for jest. */
  readonly rest: readonly string[];
}

/** `--suite <name>` or `--suite=<name>`; throws with the known names when there is no such suite. */
export function parseTestArguments(args: readonly string[]): TestArguments {
  const rest: string[] = [];
  let suite = 'all';
  for (let at = 0; at < args.length; at++) {
    const argument = args[at] ?? '';
    if (argument === '--suite') suite = args[++at] ?? '';
    else if (argument.startsWith('--suite=')) suite = argument.slice('--suite='.length);
    else rest.push(argument);
  }
  if (!isSuite(suite))
    throw new RangeError(`no suite "${suite}"; there are ${Object.keys(SUITES).join(', ')}`);
  return { suite, rest };
}

function isSuite(name: string): name is Suite {
  return Object.hasOwn(SUITES, name);
}
