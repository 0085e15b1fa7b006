import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FrameAssembler } from './frame-assembler.ts';

test('frames come out whole, however the stream is cut and although chunks are reused', () => {
  const frame = fc.uint8Array({ maxLength: 200 });
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }),
      (frames, cuts) => {
        const stream = Buffer.concat(
          frames.map((bytes) => {
            const length = Buffer.alloc(4);
            length.writeInt32BE(bytes.length);
            return Buffer.concat([length, bytes]);
          }),
        );
        const seen: number[][] = [];
        const assembler = new FrameAssembler((bytes) => seen.push([...bytes]));
        const reused = Buffer.alloc(90);
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = stream.copy(reused, 0, at, at + (cuts[i % cuts.length] ?? 1));
          assembler.push(reused.subarray(0, size));
          at += size;
        }
        expect(seen).toEqual(frames.map((bytes) => [...bytes]));
      },
    ),
  );
});
