import { KITCHEN_DDL } from './kitchen.ts';
import { MENU_DDL, MENU_KEYS } from './menu.ts';
import { ORDERS_DDL, ORDERS_KEYS } from './orders.ts';
import { TENANTS_DDL, TENANTS_KEYS } from './tenants.ts';

/** The tables of the demo, parents first. All live in the schema `public`. */
export const DEMO_TABLES = [
  'schools',
  'vendors',
  'students',
  'menu_items',
  'orders',
  'order_lines',
  'payments',
  'kitchen_events',
] as const;
export type DemoTable = (typeof DEMO_TABLES)[number];

export const DEMO_TABLES_DDL: readonly string[] = [TENANTS_DDL, MENU_DDL, ORDERS_DDL, KITCHEN_DDL];
/** Foreign keys and indexes go on after the seed: one pass over each table instead of one look-up a row. */
export const DEMO_KEYS_DDL: readonly string[] = [TENANTS_KEYS, MENU_KEYS, ORDERS_KEYS];
