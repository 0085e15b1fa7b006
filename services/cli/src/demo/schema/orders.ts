/** Orders carry ids above 2^53 on purpose: a path that rounds int64 anywhere fails the proof. */
export const ORDERS_DDL = `
CREATE TYPE order_status AS ENUM ('placed', 'accepted', 'cooking', 'ready', 'collected', 'cancelled');
CREATE TYPE payment_method AS ENUM ('wallet', 'upi', 'card', 'cash');

CREATE TABLE orders (
  id              bigint PRIMARY KEY,
  school_id       uuid NOT NULL,
  student_id      uuid,
  vendor_id       bigint NOT NULL,
  status          order_status NOT NULL,
  pickup_code     text NOT NULL,
  contact_email   text,
  contact_phone   text,
  subtotal        numeric(10,2) NOT NULL,
  discount        numeric(10,2) NOT NULL,
  tax             numeric(10,2) NOT NULL,
  total           numeric(12,2) NOT NULL,
  currency        text NOT NULL,
  tags            text[],
  meta            jsonb,
  serve_on        date NOT NULL,
  pickup_at       time NOT NULL,
  placed_at       timestamptz NOT NULL,
  placed_at_local timestamp NOT NULL,
  updated_at      timestamptz NOT NULL
);

CREATE TABLE order_lines (
  order_id     bigint NOT NULL,
  line_no      smallint NOT NULL,
  menu_item_id bigint NOT NULL,
  quantity     integer NOT NULL,
  unit_price   numeric(10,2) NOT NULL,
  line_total   numeric(12,2) NOT NULL,
  note         text,
  PRIMARY KEY (order_id, line_no)
);

CREATE TABLE payments (
  id           uuid PRIMARY KEY,
  order_id     bigint NOT NULL,
  method       payment_method NOT NULL,
  amount       numeric(12,2) NOT NULL,
  settled      boolean NOT NULL,
  provider_ref text,
  signature    bytea,
  paid_at      timestamptz NOT NULL
);
`;

export const ORDERS_KEYS = `
ALTER TABLE orders ADD FOREIGN KEY (school_id) REFERENCES schools, ADD FOREIGN KEY (student_id) REFERENCES students, ADD FOREIGN KEY (vendor_id) REFERENCES vendors;
ALTER TABLE order_lines ADD FOREIGN KEY (order_id) REFERENCES orders ON DELETE CASCADE, ADD FOREIGN KEY (menu_item_id) REFERENCES menu_items;
ALTER TABLE payments ADD FOREIGN KEY (order_id) REFERENCES orders ON DELETE CASCADE;
CREATE INDEX ON payments (order_id);
`;
