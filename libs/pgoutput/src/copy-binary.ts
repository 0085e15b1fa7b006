import { malformedMessage } from './malformed-message.ts';

const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');
const FIXED_HEADER_BYTES = SIGNATURE.length + 8;

/** Length of the header that begins the first message of `COPY … TO STDOUT (FORMAT binary)`. */
export function copyHeaderBytes(buf: Buffer, start: number, end: number): number {
  if (
    end - start < FIXED_HEADER_BYTES ||
    buf.compare(SIGNATURE, 0, SIGNATURE.length, start, start + SIGNATURE.length) !== 0
  ) {
    throw malformedMessage('binary copy data does not begin with its signature');
  }
  return FIXED_HEADER_BYTES + buf.readInt32BE(start + SIGNATURE.length + 4);
}

/** The column count that ends the copy. */
export function isCopyTrailer(buf: Buffer, pos: number): boolean {
  return buf[pos] === 0xff && buf[pos + 1] === 0xff;
}
