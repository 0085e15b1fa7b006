import { randomBytes } from 'node:crypto';

/** A name nobody else uses, fit for a database, a slot, a topic and a bucket prefix: `orders_3f9c1a20`. */
export function uniqueName(label = 't'): string {
  return `${label.toLowerCase().replace(/[^a-z0-9]+/g, '_')}_${randomBytes(4).toString('hex')}`;
}
