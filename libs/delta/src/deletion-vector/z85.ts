import { corruptVector } from './corrupt-vector.ts';

/** Digits of ZeroMQ's Base85 (rfc.zeromq.org/spec/32), whose text needs no escape in JSON. */
const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';
const VALUES = new Map([...DIGITS].map((digit, value) => [digit, value]));

/** Five characters for four bytes; the last ones are filled up with zeros. */
export function toZ85(bytes: Uint8Array): string {
  const view = Buffer.alloc(Math.ceil(bytes.length / 4) * 4);
  view.set(bytes);
  let text = '';
  for (let at = 0; at < view.length; at += 4) {
    const word = view.readUInt32BE(at);
    for (let power = 85 ** 4; power >= 1; power /= 85) text += DIGITS[Math.floor(word / power) % 85];
  }
  return text;
}

/** The first `byteLength` bytes of the text. @throws LAKE_LOG_CORRUPT when it holds fewer, or is no Z85 */
export function fromZ85(text: string, byteLength: number): Buffer {
  if (text.length % 5 !== 0 || byteLength > (text.length / 5) * 4)
    throw corruptVector('its text does not have the length that the log says');
  const bytes = Buffer.alloc((text.length / 5) * 4);
  for (let at = 0; at < text.length; at += 5) {
    let word = 0;
    for (let digit = at; digit < at + 5; digit += 1) {
      const value = VALUES.get(text[digit] as string);
      if (value === undefined) throw corruptVector('its text is no Z85');
      word = word * 85 + value;
    }
    if (word > 0xffffffff) throw corruptVector('its text is no Z85');
    bytes.writeUInt32BE(word, (at / 5) * 4);
  }
  return bytes.subarray(0, byteLength);
}
