import { PlatformError } from '@hasivu/errors';
import type { ObjectStore } from './store.ts';

const RACERS = 5;

/**
 * Proves that the store creates an object at most once: a second conditional PUT must lose, and of several at
 * once exactly one must win. Without that two writers can both own a table version and one commit vanishes.
 * @param probeId a fresh name, so that probes of several processes do not meet
 * @throws STORE_NO_CONDITIONAL_PUT
 */
export async function probePutIfAbsent(store: ObjectStore, probeId: string): Promise<void> {
  const sequential = `_probe/${probeId}-sequential`;
  const raced = `_probe/${probeId}-raced`;
  try {
    const first = await store.putIfAbsent(sequential, Buffer.from('first'));
    const second = await store.putIfAbsent(sequential, Buffer.from('second'));
    if (!first || second)
      throw refuse(`a second PUT with If-None-Match answered ${second ? 'success' : 'no first success'}`);
    const bodies = Array.from({ length: RACERS }, (_, racer) =>
      store.putIfAbsent(raced, Buffer.from(String(racer))),
    );
    const winners = (await Promise.all(bodies)).filter(Boolean).length;
    if (winners !== 1) throw refuse(`${winners} of ${RACERS} concurrent conditional PUTs won`);
  } finally {
    await Promise.allSettled([store.delete(sequential), store.delete(raced)]);
  }
}

function refuse(why: string): PlatformError {
  return new PlatformError('STORE_NO_CONDITIONAL_PUT', { doing: 'probing the object store at start', why });
}
