/**
 * A name as the engine compares it: only A to Z are the same in both cases. What makes more letters alike would take one
 * column of a table for another.
 */
export function foldName(name: string): string {
  return name.replaceAll(/[A-Z]/gu, (letter) => letter.toLowerCase());
}
