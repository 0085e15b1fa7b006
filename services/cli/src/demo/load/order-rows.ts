import { createHash } from 'node:crypto';
import { DIRTY_KINDS, type DirtyRule } from '../seed/dirty-orders.ts';
import { DIRTY_ONE_IN, type DemoSize } from '../seed/demo-size.ts';
import type { SeededRandom } from './seeded-random.ts';

/** A row as `json_populate_recordset` takes it: ids and decimals are strings, so that no digit is lost on the way. */
export type JsonRow = Readonly<Record<string, unknown>>;

export interface NewOrder {
  readonly id: bigint;
  readonly vendorId: number;
  readonly dirty: DirtyRule | null;
  readonly order: JsonRow;
  readonly lines: readonly JsonRow[];
  readonly payment: JsonRow | null;
}

/** One order with its lines and, nine times of ten, its payment, placed at `atMs` (epoch milliseconds). */
export function newOrder(random: SeededRandom, size: DemoSize, id: bigint, atMs: number): NewOrder {
  const dirty = random.chance(1 / DIRTY_ONE_IN) ? random.pick(DIRTY_KINDS).rule : null;
  const vendorId = random.skewed(size.vendors);
  const lines = newLines(random, size, id);
  const paise = lines.reduce((sum, line) => sum + line.totalPaise, 0);
  const at = new Date(atMs).toISOString();
  const order = {
    id: String(id),
    school_id: idOf(`school${random.skewed(size.schools)}`),
    student_id: dirty === 'student_present' ? null : idOf(`student${random.skewed(size.students)}`),
    vendor_id: vendorId,
    status: 'placed',
    pickup_code: dirty === 'pickup_code_shape' ? `?${random.between(0, 9)}` : pickupCode(random),
    contact_email: random.chance(0.8) ? `parent${random.between(1, 9000)}@example.org` : null,
    contact_phone: `+91 97${String(random.between(0, 99_999_999)).padStart(8, '0')}`,
    subtotal: rupees(paise),
    discount: rupees(Math.round(paise * 0.05)),
    tax: rupees(Math.round(paise * 0.05)),
    total: rupees(dirty === 'total_not_negative' ? -paise : paise),
    currency: dirty === 'currency_known' ? 'US' : 'INR',
    tags: random.chance(0.2) ? ['pre-order', 'ரசம், "hot"'] : null,
    meta: random.chance(0.6)
      ? { app: `5.${random.between(0, 9)}`, ms: random.between(20, 900), gift: random.chance(0.02) }
      : null,
    serve_on: at.slice(0, 10),
    pickup_at: `12:${String(random.between(0, 59)).padStart(2, '0')}:00`,
    placed_at: at,
    placed_at_local: at.slice(0, -1),
    updated_at: at,
  };
  return {
    id,
    vendorId,
    dirty,
    order,
    lines: lines.map(({ row }) => row),
    payment: random.chance(0.9) ? newPayment(random, id, paise, at) : null,
  };
}

function newLines(random: SeededRandom, size: DemoSize, id: bigint): { row: JsonRow; totalPaise: number }[] {
  return Array.from({ length: random.between(1, 4) }, (_, index) => {
    const quantity = random.between(1, 3);
    const price = random.between(2_000, 25_000);
    const note = random.chance(0.05) ? 'no onion,\n"please" 🙏' : null;
    const row = {
      order_id: String(id),
      line_no: index + 1,
      menu_item_id: random.between(1, size.menuItems),
      quantity,
      unit_price: rupees(price),
      line_total: rupees(price * quantity),
      note,
    };
    return { row, totalPaise: price * quantity };
  });
}

function newPayment(random: SeededRandom, id: bigint, paise: number, at: string): JsonRow {
  const method = random.pick(['wallet', 'upi', 'upi', 'card', 'cash']);
  const signature =
    method === 'card' ? `\\x${createHash('md5').update(`signature${id}`).digest('hex')}` : null;
  return {
    id: idOf(`payment${id}`),
    order_id: String(id),
    method,
    amount: rupees(paise),
    settled: random.chance(0.95),
    provider_ref: method === 'cash' ? null : `ref_${random.between(1e8, 9e8)}`,
    signature,
    paid_at: at,
  };
}

/** The same ids as the seed's `md5('school1')::uuid`. */
export function idOf(name: string): string {
  const hex = createHash('md5').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export function rupees(paise: number): string {
  const digits = String(Math.abs(paise)).padStart(3, '0');
  return `${paise < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

function pickupCode(random: SeededRandom): string {
  const letter = (): string => String.fromCharCode(65 + random.between(0, 25));
  return `${letter()}${letter()}${String(random.between(0, 9999)).padStart(4, '0')}`;
}
