import { Fault } from './fault.ts';

export type IntegerKind = 'int16' | 'int32' | 'int64';

const BITS: Record<IntegerKind, number> = { int16: 16, int32: 32, int64: 64 };

/** @throws Fault when the value does not fit the type */
export function checkInteger(kind: IntegerKind, value: bigint): bigint {
  if (BigInt.asIntN(BITS[kind], value) !== value) throw new Fault(`out of the range of ${kind}`);
  return value;
}
