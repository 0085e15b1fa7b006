import { isPlatformError } from '@hasivu/errors';
import type { Paint } from './paint.ts';

/**
 * An error for a person: `error CODE while …: why. cure`. The stack and the chain of causes only with `verbose`:
 * they help who mends the program, and hide the cure from who runs it.
 */
export function describeError(error: unknown, options: { verbose: boolean; paint: Paint }): string {
  const { paint, verbose } = options;
  const message = error instanceof Error ? error.message : String(error);
  const head = isPlatformError(error)
    ? `${paint.red('error')} ${message}`
    : `${paint.red('error')} ${message || 'unknown failure'}`;
  if (!verbose) return head;
  return [head, ...chainOf(error)].join('\n');
}

function chainOf(error: unknown): string[] {
  const lines: string[] = [];
  let link: unknown = error;
  while (link instanceof Error) {
    lines.push(link.stack ?? link.message);
    link = link.cause;
    if (link instanceof Error) lines.push('caused by:');
  }
  return lines;
}
