import type { ErrorEntry } from '@hasivu/errors';

const POLICIES = {
  timed: 'waits and tries again within a bound, then exits 1',
  manual: 'exits 2: something has to be changed first',
  restart: 'exits 1: a restart replays from durable progress',
  wait: 'refuses, goes on when there is room, and does not end; a command exits 2',
  never: 'a value, routed to quarantine or the dead-letter topic',
};

/** `docs/errors.md`. */
export function errorReference(registry: Readonly<Record<string, ErrorEntry>>): string {
  const lines = ['# Errors', '', 'Made from `libs/errors/src/codes` by `node docs/generate.ts`.', ''];
  for (const [code, entry] of Object.entries(registry)) {
    lines.push(
      `## ${code}`,
      '',
      `${entry.summary}.`,
      '',
      `- **Cause:** ${entry.cause}`,
      `- **Cure:** ${entry.remedy}`,
      `- **The service** ${POLICIES[entry.retry]}.`,
      '',
    );
  }
  return `${lines.join('\n').trimEnd()}\n`;
}
