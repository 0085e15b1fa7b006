import { malformedMessage } from './malformed-message.ts';

/**
 * The text that a type's output function prints for a value in its binary form, under `SESSION_SETTINGS`, as a byte
 * string: one character per byte of the UTF-8 text. Bytes pass through it unharmed, and quoting rules, which Postgres
 * applies to bytes, can be applied to characters.
 */
export type BinaryText = (src: Buffer, start: number, end: number) => string;

/** Any type whose binary form is its text. */
export const textOfBytes: BinaryText = (src, start, end) => src.toString('latin1', start, end);

/** `jsonb`, `jsonpath`, `ltree`: a version byte, then the text. @throws PlatformError SOURCE_PROTOCOL for another version */
export const textOfVersioned: BinaryText = (src, start, end) =>
  src.toString('latin1', checkVersion(src, start), end);

/** Position behind the version byte of a value at `start`. */
export function checkVersion(src: Buffer, start: number): number {
  if (src[start] !== 1)
    throw malformedMessage(`a value has the unknown binary version ${String(src[start])}`);
  return start + 1;
}

/** `value` in decimal with at least `digits` digits. */
export function padded(value: number | bigint, digits: number): string {
  return String(value).padStart(digits, '0');
}
