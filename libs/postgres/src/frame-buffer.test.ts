import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { FrameBuffer } from './frame-buffer.ts';

function frame(tag: number, body: Uint8Array): Buffer {
  const message = Buffer.alloc(5 + body.length);
  message[0] = tag;
  message.writeInt32BE(4 + body.length, 1);
  message.set(body, 5);
  return message;
}

test('messages come out as they went in, however the bytes are cut', () => {
  const messages = fc.array(fc.tuple(fc.integer({ min: 1, max: 127 }), fc.uint8Array({ maxLength: 300 })), {
    maxLength: 30,
  });
  fc.assert(
    fc.property(messages, fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }), (sent, cuts) => {
      const bytes = Buffer.concat(sent.map(([tag, body]) => frame(tag, body)));
      const frames = new FrameBuffer();
      const seen: [number, string][] = [];
      let cut = 0;
      for (let at = 0; at < bytes.length;) {
        const size = cuts[cut++ % cuts.length] as number;
        frames.append(bytes.subarray(at, at + size));
        at += size;
        while (frames.next())
          seen.push([frames.tag, frames.buffer.toString('hex', frames.start, frames.end)]);
      }
      expect(seen).toEqual(sent.map(([tag, body]) => [tag, Buffer.from(body).toString('hex')]));
    }),
  );
});

test('one large message makes it grow, and it shrinks again', () => {
  const frames = new FrameBuffer();
  const initial = frames.buffer.length;
  const large = frame(0x64, new Uint8Array(30_000_000).fill(7));
  for (let at = 0; at < large.length; at += 65_536) frames.append(large.subarray(at, at + 65_536));
  expect(frames.next()).toBe(true);
  expect(frames.end - frames.start).toBe(30_000_000);
  expect(frames.next()).toBe(false);
  frames.append(frame(0x64, new Uint8Array(10)));
  expect(frames.next()).toBe(true);
  expect(frames.buffer.length).toBe(initial);
});
