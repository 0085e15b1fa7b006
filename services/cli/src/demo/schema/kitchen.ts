/** What the kitchen's screens and scales report: append-only, kept when an order is cancelled, so no foreign key. */
export const KITCHEN_DDL = `
CREATE TABLE kitchen_events (
  id          bigint PRIMARY KEY,
  order_id    bigint NOT NULL,
  vendor_id   bigint NOT NULL,
  station     text NOT NULL,
  event       text NOT NULL,
  took_ms     integer,
  readings    integer[],
  payload     json,
  occurred_at timestamptz NOT NULL
);
`;
