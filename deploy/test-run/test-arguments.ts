/** Jest projects of each suite, in the order they run; `postgres-15` repeats what depends on the server's version. */
export const SUITES = {
  all: ['unit', 'servers', 'postgres-15'],
  unit: ['unit'],
  servers: ['servers', 'postgres-15'],
  'postgres-15': ['postgres-15'],
  storm: ['unit', 'storm'],
  interop: ['interop'],
} as const;
export type Suite = keyof typeof SUITES;

export interface TestArguments {
  readonly suite: Suite;
  /** Version of PostgreSQL for the whole run, or null for that of each project. */
  readonly postgres: string | null;
  /** Everything else, for jest. */
  readonly rest: readonly string[];
}

/**
 * `--suite <name>` and `--postgres <version>`, also with `=`; throws with the known names when there is no such suite.
 */
export function parseTestArguments(args: readonly string[]): TestArguments {
  const rest: string[] = [];
  let suite = 'all';
  let postgres: string | null = null;
  for (let at = 0; at < args.length; at++) {
    const argument = args[at] ?? '';
    if (argument === '--suite') suite = args[++at] ?? '';
    else if (argument.startsWith('--suite=')) suite = argument.slice('--suite='.length);
    else if (argument === '--postgres') postgres = args[++at] ?? '';
    else if (argument.startsWith('--postgres=')) postgres = argument.slice('--postgres='.length);
    else rest.push(argument);
  }
  if (!isSuite(suite))
    throw new RangeError(`no suite "${suite}"; there are ${Object.keys(SUITES).join(', ')}`);
  return { suite, postgres, rest };
}

/** The projects of a run. Where every project runs on one version of PostgreSQL, none has to repeat others on it. */
export function projectsOf({ suite, postgres }: TestArguments): readonly string[] {
  return SUITES[suite].filter((project) => postgres === null || !project.startsWith('postgres-'));
}

/**
 * Parts of a project that run beside each other, each on a stack of its own: tests on servers mostly wait. One part for a
 * few chosen tests, and where the stack is given.
 */
export function shardsOf(
  project: string,
  jestArguments: readonly string[],
  stackIsGiven: boolean,
): readonly (string | undefined)[] {
  const whole = project !== 'servers' || jestArguments.length > 0 || stackIsGiven;
  return whole ? [undefined] : ['1/2', '2/2'];
}

function isSuite(name: string): name is Suite {
  return Object.hasOwn(SUITES, name);
}
