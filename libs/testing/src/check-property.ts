import { randomInt } from 'node:crypto';
import fc from 'fast-check';

const DEFAULT_BUDGET_MS = 2_000;
const MAX_RUNS = 100_000;
/** A faster machine must not get further than the ones before it, to an input that nobody has tried. */
const MAX_REGRESSION_RUNS = 10_000;
const LEAST_RUNS = 10;
/** A change must not fail over an input that chance brought up: `npm test` tries the same inputs each time. */
const REGRESSION_SEED = 20_260_801;

export interface PropertyOptions {
  /** How long to go on trying inputs, in milliseconds; PROPERTY_BUDGET_MS overrides it for long runs. */
  readonly budgetMs?: number;
  /** Stop after this many inputs even when time is left. */
  readonly runs?: number;
}

/**
 * Tries a property on random inputs until the budget is spent. A failure prints the seed and the path that repeat it,
 * and PROPERTY_SEED runs that seed. `npm test` always starts from one seed, `npm run test:storm` and single runs of jest
 * from a random one. A machine too slow for even a few inputs fails instead of proving nothing.
 */
export async function checkProperty<T>(
  property: fc.IRawProperty<T>,
  options: PropertyOptions = {},
): Promise<{ readonly runs: number; readonly seed: number }> {
  const budgetMs = Number(process.env['PROPERTY_BUDGET_MS'] ?? options.budgetMs ?? DEFAULT_BUDGET_MS);
  const seed = Number(process.env['PROPERTY_SEED'] ?? defaultSeed());
  const least = Math.min(options.runs ?? LEAST_RUNS, LEAST_RUNS);
  const startedMs = performance.now();
  const { watched, ended } = watch(property);
  let details = await fc.check(watched, {
    seed,
    numRuns: options.runs ?? (seed === REGRESSION_SEED ? MAX_REGRESSION_RUNS : MAX_RUNS),
    interruptAfterTimeLimit: budgetMs,
  });
  // fast-check leaves the input at which the time ran out to itself: it would go on beside the next, or in what the test takes down.
  let last = await ended();
  // A budget that was too short for a loaded machine: go on until the least number was tried.
  if (details.interrupted && details.counterexample === null && details.numRuns < least && last === null) {
    details = await fc.check(watched, { seed, numRuns: least });
    last = await ended();
  }
  if (!details.failed && last !== null)
    throw new Error(
      `property failed at the input at which its time ran out; again with PROPERTY_SEED=${seed} PROPERTY_BUDGET_MS=${budgetMs * 2}`,
      { cause: last.error },
    );
  if (details.failed) {
    const report = fc.defaultReportMessage(details) ?? 'no report';
    const again = `PROPERTY_SEED=${seed}${details.counterexamplePath === null ? '' : ` (path ${details.counterexamplePath})`}`;
    throw new Error(
      `property failed after ${details.numRuns} inputs and ${Math.round(performance.now() - startedMs)} ms; again with ${again}\n${report}`,
    );
  }
  return { runs: details.numRuns, seed };
}

/** The same property, and what waits for its last run and tells whether that failed. */
function watch<T>(property: fc.IRawProperty<T>): {
  readonly watched: fc.IRawProperty<T>;
  readonly ended: () => Promise<{ readonly error: unknown } | null>;
} {
  let running: unknown = null;
  const watched = new Proxy(property, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const method = value as (this: unknown, ...args: unknown[]) => unknown;
      return (...args: unknown[]): unknown => {
        const result = method.apply(target, args);
        if (name === 'run') running = result;
        return result;
      };
    },
  });
  const ended = async (): Promise<{ readonly error: unknown } | null> => {
    const result = await running;
    return typeof result === 'object' && result !== null && 'error' in result ? result : null;
  };
  return { watched, ended };
}

function defaultSeed(): number {
  const suite = process.env['HASIVU_SUITE'];
  return suite === 'unit' || suite === 'servers' ? REGRESSION_SEED : randomInt(2 ** 31);
}
