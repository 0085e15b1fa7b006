import type { StackStatus } from '@hasivu/local-stack';
import { createS3Store } from '@hasivu/object-store';
import { DEMO_LAKE_PREFIX } from './demo-names.ts';

const DELETES_AT_ONCE = 16;

/** Deletes the lakes of earlier runs from the stack's bucket. Returns the number of objects. */
export async function deleteEarlierLakes({ s3 }: StackStatus): Promise<number> {
  const store = createS3Store({ ...s3, prefix: '' });
  let deleted = 0;
  try {
    let waiting: Promise<void>[] = [];
    for await (const { key } of store.list(DEMO_LAKE_PREFIX)) {
      waiting.push(store.delete(key));
      deleted += 1;
      if (waiting.length < DELETES_AT_ONCE) continue;
      await Promise.all(waiting);
      waiting = [];
    }
    await Promise.all(waiting);
    return deleted;
  } finally {
    store.close();
  }
}
