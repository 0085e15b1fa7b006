export const MENU_DDL = `
CREATE TABLE menu_items (
  id            bigint PRIMARY KEY,
  vendor_id     bigint NOT NULL,
  name          text NOT NULL,
  price         numeric(10,2) NOT NULL,
  calories      integer,
  protein_grams double precision,
  allergens     text[] NOT NULL,
  nutrition     jsonb,
  available     boolean NOT NULL,
  updated_at    timestamptz NOT NULL
);
`;

export const MENU_KEYS = `
ALTER TABLE menu_items ADD FOREIGN KEY (vendor_id) REFERENCES vendors;
CREATE INDEX ON menu_items (vendor_id);
`;
