import type { SeededRandom } from '@hasivu/testing';

import { FAILPOINTS, type FailpointName } from '../../src/failpoints.ts';

/** How one life of the source, or of a server under it, ends. */
export type Kill =
  | { readonly kind: 'failpoint'; readonly name: FailpointName; readonly hits: number }
  | { readonly kind: 'moment'; readonly afterMs: number }
  | {
      readonly kind: 'server';
      readonly part: 'kafka' | 'postgres';
      readonly afterMs: number;
      /** The source is killed too, while the server is away. */
      readonly withSource: boolean;
    };

/** These are reached only while a table is copied: such a life is given a new one. */
export const COPYING: readonly FailpointName[] = [
  'slot-created',
  'copy-planned',
  'range-uncommitted',
  'range-committed',
];
/** These take a transaction larger than what the source holds or sends at once. */
export const LARGE: readonly FailpointName[] = ['large-transaction-sent', 'spool-spilled'];
/** These are reached while a table is read again beside the stream: such a life is asked for that. */
export const REREADING: readonly FailpointName[] = [
  'signal-taken',
  'chunk-read',
  'chunk-marked',
  'chunk-emitted',
];
/** These are reached once in a life, or once per table. */
const ONCE: readonly FailpointName[] = [...COPYING, 'progress-read', 'schema-registered', 'stream-ended'];

/** A tenth each of broker and Postgres, a fifth at random moments, the rest at the failpoints in turn; shuffled. */
export function planKills(count: number, random: SeededRandom): Kill[] {
  const tenth = Math.ceil(count / 10);
  const kills: Kill[] = [];
  for (const part of ['kafka', 'postgres'] as const) {
    for (let i = 0; i < tenth; i++) {
      const afterMs = random.between(100, 3000);
      kills.push({ kind: 'server', part, afterMs, withSource: random.next() < 0.3 });
    }
  }
  for (let i = 0; i < 2 * tenth; i++) kills.push({ kind: 'moment', afterMs: random.between(300, 5000) });
  const names = random.shuffled(Object.keys(FAILPOINTS) as FailpointName[]);
  for (let i = 0; kills.length < count; i++) {
    const name = names[i % names.length] as FailpointName;
    kills.push({
      kind: 'failpoint',
      name,
      hits: ONCE.includes(name) ? 1 : random.between(1, LARGE.includes(name) ? 2 : 4),
    });
  }
  return random.shuffled(kills.slice(0, count));
}

export function describeKill(kill: Kill): string {
  switch (kill.kind) {
    case 'failpoint':
      return `${kill.name}:${kill.hits}`;
    case 'moment':
      return `moment ${kill.afterMs} ms`;
    case 'server':
      return `${kill.part} ${kill.afterMs} ms${kill.withSource ? ' with the source' : ''}`;
  }
}
