/** More than any store is known to encode a key. */
const MOST_ROUNDS = 4;

/**
 * One form of a key, however often it was URL-encoded on the way into a log (Amazon's have keys encoded twice, others once
 * or not at all). Two keys that become one here count as read together.
 */
export function normalKey(key: string): string {
  let normal = key;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const decoded = decodedOnce(normal);
    if (decoded === normal) break;
    normal = decoded;
  }
  return normal;
}

function decodedOnce(key: string): string {
  const plain = key.includes('+') ? key.replaceAll('+', ' ') : key;
  if (!plain.includes('%')) return plain;
  try {
    return decodeURIComponent(plain);
  } catch {
    // A percent sign of the key itself.
    return plain;
  }
}
