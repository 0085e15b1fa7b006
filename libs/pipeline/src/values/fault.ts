/** A value that an operation cannot handle: data, not a bug. Caught at the border of a step or rule, never further out. */
export class Fault extends Error {
  override readonly name = 'Fault';
}
