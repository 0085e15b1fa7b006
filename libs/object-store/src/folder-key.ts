import { PlatformError } from '@hasivu/errors';

/** Folder for files that are being written; no key begins with it. */
export const DRAFTS = '.drafts';

/**
 * Checks that a key names a file inside the store's folder: keys come from table logs, which others may have written.
 * @throws STORE_DENIED
 */
export function checkedKey(key: string): string {
  const parts = key.split('/');
  const escapes = parts.some((part) => part === '' || part === '.' || part === '..') || key.includes('\0');
  if (!escapes && parts[0] !== DRAFTS) return key;
  throw new PlatformError('STORE_DENIED', {
    doing: 'reading or writing an object of the lake’s folder',
    why: 'its key does not name a file inside the folder',
    context: { key },
  });
}
