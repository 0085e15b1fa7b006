import { FIRST_LIVE_KITCHEN_EVENT_ID, FIRST_LIVE_ORDER_ID, type DemoSize } from '../seed/demo-size.ts';
import type { LoadBatch } from './load-batch.ts';
import { idOf, newOrder, rupees, type JsonRow, type NewOrder } from './order-rows.ts';
import { SeededRandom } from './seeded-random.ts';

const STAGES = ['accepted', 'cooking', 'ready', 'collected'] as const;
/** Collected orders kept in mind as candidates for deletion; older ones stay in the database untouched. */
const MAX_DONE = 2_000;

interface OpenOrder {
  readonly id: bigint;
  readonly vendorId: number;
  stage: number;
}

/** Decides the load, batch after batch, from a seed alone: no clock, no database. One batch makes about 200 row changes. */
export class LoadPlan {
  readonly #random: SeededRandom;
  readonly #size: DemoSize;
  readonly #startMs: number;
  readonly #open: OpenOrder[] = [];
  readonly #done: bigint[] = [];
  #nextOrderId = FIRST_LIVE_ORDER_ID;
  #nextEventId = FIRST_LIVE_KITCHEN_EVENT_ID;
  #batches = 0;

  /** `startMs` (epoch milliseconds) is the time of the first order; each batch is 100 ms later. */
  constructor(options: { seed: number; size: DemoSize; startMs: number }) {
    this.#random = new SeededRandom(options.seed);
    this.#size = options.size;
    this.#startMs = options.startMs;
  }

  nextBatch(): LoadBatch {
    const atMs = this.#startMs + this.#batches * 100;
    this.#batches += 1;
    const made = Array.from({ length: 20 }, () =>
      newOrder(this.#random, this.#size, ++this.#nextOrderId, atMs),
    );
    const moved = this.#moveOpenOrders(40);
    const at = new Date(atMs).toISOString();
    const batch = {
      orders: made.map(({ order }) => order),
      lines: made.flatMap(({ lines }) => lines),
      payments: made.flatMap(({ payment }) => (payment ? [payment] : [])),
      kitchenEvents: moved.map((order) => this.#kitchenEvent(order, at)),
      statusMoves: moved.map(({ id, stage }) => ({
        id: String(id),
        status: STAGES[stage - 1],
        updated_at: at,
      })),
      walletMoves: this.#walletMoves(12, at),
      priceMoves: this.#priceMoves(3, at),
      renumberedLines: this.#renumbered(made),
      deletedOrderIds: this.#deletions(2),
    };
    // Dirty orders are left alone from here on: the count of them in Postgres is what the quarantine must hold.
    for (const { id, vendorId, dirty } of made)
      if (dirty === null) this.#open.push({ id, vendorId, stage: 0 });
    return batch;
  }

  /** Each order at most once a batch: an UPDATE … FROM with the same row twice would apply one of the two, unnamed. */
  #moveOpenOrders(most: number): { id: bigint; vendorId: number; stage: number }[] {
    const moved: { id: bigint; vendorId: number; stage: number }[] = [];
    const start = this.#open.length === 0 ? 0 : this.#random.between(0, this.#open.length - 1);
    const count = Math.min(most, this.#open.length);
    for (let step = 0; step < count; step += 1) {
      const order = this.#open[(start + step) % this.#open.length];
      if (!order) continue;
      order.stage += 1;
      moved.push({ ...order });
    }
    for (let index = this.#open.length - 1; index >= 0; index -= 1) {
      const order = this.#open[index];
      if (!order || order.stage < STAGES.length) continue;
      this.#open.splice(index, 1);
      if (this.#done.length < MAX_DONE) this.#done.push(order.id);
    }
    return moved;
  }

  #kitchenEvent(order: { id: bigint; vendorId: number; stage: number }, at: string): JsonRow {
    const random = this.#random;
    return {
      id: String(++this.#nextEventId),
      order_id: String(order.id),
      vendor_id: order.vendorId,
      station: random.pick(['tawa', 'rice', 'cold', 'pack']),
      event: STAGES[order.stage - 1] ?? 'started',
      took_ms: random.chance(0.7) ? random.between(900, 600_000) : null,
      readings: random.chance(0.3) ? [random.between(60, 75), null, random.between(60, 75)] : null,
      payload: random.chance(0.25)
        ? { screen: random.between(1, 9), by: `cook ${random.between(1, 5)}` }
        : null,
      occurred_at: at,
    };
  }

  #walletMoves(count: number, at: string): JsonRow[] {
    const students = new Set(Array.from({ length: count }, () => this.#random.skewed(this.#size.students)));
    return [...students].map((student) => ({
      id: idOf(`student${student}`),
      wallet_balance: rupees(this.#random.between(-20_000, 50_000)),
      updated_at: at,
    }));
  }

  #priceMoves(count: number, at: string): JsonRow[] {
    const items = new Set(Array.from({ length: count }, () => this.#random.between(1, this.#size.menuItems)));
    return [...items].map((id) => ({
      id,
      price: rupees(this.#random.between(1_500, 26_000)),
      available: this.#random.chance(0.9),
      updated_at: at,
    }));
  }

  #renumbered(made: readonly NewOrder[]): JsonRow[] {
    return made
      .filter(({ dirty }) => dirty === null && this.#random.chance(0.1))
      .map(({ id }) => ({ order_id: String(id), line_no: 1 }));
  }

  #deletions(most: number): string[] {
    const ids: string[] = [];
    while (ids.length < most && this.#done.length > 500)
      ids.push(String(this.#done.splice(this.#random.between(0, this.#done.length - 1), 1)[0]));
    return ids;
  }
}
