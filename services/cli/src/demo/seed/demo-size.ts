/** How many rows the seed makes. Tests use a small one. */
export interface DemoSize {
  readonly schools: number;
  readonly vendors: number;
  readonly students: number;
  readonly menuItems: number;
  readonly orders: number;
}

export const DEMO_SIZE: DemoSize = {
  schools: 500,
  vendors: 120,
  students: 20_000,
  menuItems: 2_400,
  orders: 40_000,
};

/** Ids of orders and kitchen events start here, far above 2^53. */
export const FIRST_ORDER_ID = 7_200_000_000_000_000_000n;
export const FIRST_KITCHEN_EVENT_ID = 8_100_000_000_000_000_000n;
/** Seeded ids end below these; the live load goes on from them. */
export const FIRST_LIVE_ORDER_ID = FIRST_ORDER_ID + 1_000_000_000n;
export const FIRST_LIVE_KITCHEN_EVENT_ID = FIRST_KITCHEN_EVENT_ID + 1_000_000_000n;

/** One seeded order in this many breaks a rule of the demo's pipeline; see dirty-orders.ts. */
export const DIRTY_ONE_IN = 50;
