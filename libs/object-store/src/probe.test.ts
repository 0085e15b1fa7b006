import { expect, test } from '@jest/globals';
import { MemoryStore, probePutIfAbsent } from './index.ts';

/** A store from before conditional writes: it accepts the header and overwrites. */
class CarelessStore extends MemoryStore {
  override async putIfAbsent(key: string, body: Uint8Array): Promise<boolean> {
    await this.put(key, body);
    return true;
  }
}

/** Sequentially right, but two requests in flight both win. */
class RacyStore extends MemoryStore {
  override async putIfAbsent(key: string, body: Uint8Array): Promise<boolean> {
    if ((await this.head(key)) !== null) return false;
    await this.put(key, body);
    return true;
  }
}

test.each([
  ['overwrites', new CarelessStore()],
  ['races', new RacyStore()],
])('a store that %s is refused with a cure, and the operator has to act', async (_, store) => {
  await expect(probePutIfAbsent(store, 'probe')).rejects.toMatchObject({
    code: 'STORE_NO_CONDITIONAL_PUT',
    retry: 'manual',
  });
  expect(await store.get('_probe/probe-sequential')).toBeNull();
});
