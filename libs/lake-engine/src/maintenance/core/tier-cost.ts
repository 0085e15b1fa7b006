import type { TierMove, TierPlan } from './tier-plan.ts';

/** What a class costs, in one currency. */
export interface ClassPrice {
  /** For a gigabyte (10^9 bytes) and month. */
  readonly gbMonth: number;
  /** For a thousand objects that are moved into it. */
  readonly perThousandMoves: number;
  /** For a gigabyte that is read from it. */
  readonly gbRead: number;
}

/** List prices of Amazon S3 in us-east-1 in US dollars, for a first estimate; other stores have others. */
export const LIST_PRICES: Readonly<Record<string, ClassPrice>> = {
  STANDARD: { gbMonth: 0.023, perThousandMoves: 0.005, gbRead: 0 },
  INTELLIGENT_TIERING: { gbMonth: 0.023, perThousandMoves: 0.01, gbRead: 0 },
  STANDARD_IA: { gbMonth: 0.0125, perThousandMoves: 0.01, gbRead: 0.01 },
  ONEZONE_IA: { gbMonth: 0.01, perThousandMoves: 0.01, gbRead: 0.01 },
  GLACIER_IR: { gbMonth: 0.004, perThousandMoves: 0.02, gbRead: 0.03 },
};

export interface TierCost {
  /** Storage for a month, now and after the moves. */
  readonly monthNow: number;
  readonly monthThen: number;
  /** The moves themselves, once. */
  readonly moves: number;
  /** How often all that moves may be read in a month before the moves save nothing; Infinity where reading is free. */
  readonly readsToBreakEven: number;
  /** Classes without a price: they count for nothing above. */
  readonly unpriced: readonly string[];
}

/** What a plan costs and saves. */
export function tierCost(plan: TierPlan, prices: Readonly<Record<string, ClassPrice>>): TierCost {
  const month = (bytes: ReadonlyMap<string, number>): number =>
    sum([...bytes].map(([name, size]) => (size / 1e9) * (prices[name]?.gbMonth ?? 0)));
  const monthNow = month(plan.bytesNow);
  const monthThen = month(plan.bytesThen);
  const moves = sum(plan.moves.map(({ to }) => (prices[to]?.perThousandMoves ?? 0) / 1_000));
  const readOnce = sum(plan.moves.map((move) => readingDearer(move, prices)));
  const names = new Set([...plan.bytesNow.keys(), ...plan.bytesThen.keys()]);
  return {
    monthNow,
    monthThen,
    moves,
    readsToBreakEven: readOnce <= 0 ? Infinity : Math.max(0, monthNow - monthThen) / readOnce,
    unpriced: [...names].filter((name) => prices[name] === undefined).sort(),
  };
}

function readingDearer({ file, from, to }: TierMove, prices: Readonly<Record<string, ClassPrice>>): number {
  return (file.size / 1e9) * ((prices[to]?.gbRead ?? 0) - (prices[from]?.gbRead ?? 0));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
