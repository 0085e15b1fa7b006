import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineSession } from './engine-session.ts';
import type { FileCache } from './file-cache.ts';
import { rowGroups } from './row-groups.ts';
import { SparseCopy, type LakeObject } from './sparse-copy.ts';

/** A file of this size is fetched whole. */
export const SMALL_BYTES = 512 << 10;

/**
 * Local path of a Parquet file from which these top-level columns, and no others, can be read: the file itself where it
 * is at hand, or a copy with holes in the place of the other columns, of which only what is needed was fetched. The copy is gone
 * when the session ends. @throws STORE_OBJECT_MISSING
 */
export async function columnCopy(
  session: EngineSession,
  cache: FileCache,
  object: LakeObject,
  columns: readonly string[],
): Promise<string> {
  const { key, sizeBytes } = object;
  if (cache.has(key, sizeBytes) || sizeBytes <= SMALL_BYTES) return await cache.pathOf(key, sizeBytes);
  await mkdir(session.folder, { recursive: true });
  const path = copyPath(session, cache, key);
  await using copy = await SparseCopy.open(cache, object, path);
  const groups = (await rowGroups(session, [{ path, columns }])).get(path) ?? [];
  await copy.fetch(groups.flatMap(({ places }) => places));
  return path;
}

/** Where a copy of a part of the object goes. */
export function copyPath({ folder }: Pick<EngineSession, 'folder'>, cache: FileCache, key: string): string {
  return join(folder, `part-${cache.nameOf(key)}`);
}
