import { DEMO_OUTPUT, DEMO_PIPELINE } from './demo-config.ts';

/** Three questions that people of the business would ask, over silver and curated tables. */
export const EXAMPLE_QUERIES: readonly { readonly question: string; readonly sql: string }[] = [
  {
    question: 'Which schools order most, and what do they spend?',
    sql: `SELECT s.code, s.city, count(*) AS orders, sum(o.total) AS spent FROM silver.public.orders o JOIN silver.public.schools s ON s.id = o.school_id
WHERE o.status <> 'cancelled' GROUP BY ALL ORDER BY orders DESC LIMIT 5`,
  },
  {
    question: 'Which vendor is slow in the kitchen?',
    sql: `SELECT v.name, count(*) AS steps, round(median(e.took_ms) / 1000, 1) AS median_s, round(quantile_cont(e.took_ms, 0.95) / 1000, 1) AS p95_s
FROM silver.public.kitchen_events e JOIN silver.public.vendors v ON v.id = e.vendor_id WHERE e.took_ms IS NOT NULL GROUP BY ALL HAVING count(*) > 100 ORDER BY p95_s DESC LIMIT 5`,
  },
  {
    question: 'What does the cleaned, masked stream of orders look like?',
    sql: `SELECT id, status, left(contact_email, 12) AS contact_email, contact_phone, total, currency FROM curated.${DEMO_PIPELINE}.${DEMO_OUTPUT} ORDER BY id DESC LIMIT 3`,
  },
];
