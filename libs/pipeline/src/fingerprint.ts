import { createHash } from 'node:crypto';

/** A short digest that stays the same as long as the definition does: tells rows of an old rule from those of the new. */
export function fingerprintOf(definition: unknown): string {
  const text = JSON.stringify(definition, (key, value: unknown) => {
    if (key === 'salt') return undefined;
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
