/** The 12-column table that every figure of the project is taken on, and its load: transactions of 1,000 inserts. */
export const ORDERS_TABLE = `create table orders (id bigint primary key, tenant_id int not null, school_id int not null, student_id bigint,
  menu_item text, quantity int, unit_price numeric(10,2), status text, notes text, created_at timestamptz, updated_at timestamptz, meta jsonb)`;

export const ROWS_PER_TRANSACTION = 1_000;

/** Inserts rows `$1 * 1000 + 1` to `$1 * 1000 + 1000`. */
export const INSERT_TRANSACTION = `insert into orders select $1::bigint * 1000 + g, g % 500, g % 1000, (g * 7919) % 100000, 'item-' || (g % 200), 1 + g % 5,
  (g % 1000) / 10.0 + 1, (array['placed','paid','cooking','served'])[1 + g % 4], 'note ' || md5(($1::bigint * 1000 + g)::text), now(), now(),
  jsonb_build_object('allergens', array['nut','milk'], 'kitchen', g % 40) from generate_series(1, 1000) g`;
