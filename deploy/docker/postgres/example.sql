-- A first table, so that there is something to follow; run once, when the volume is new.
CREATE TABLE orders (
  id             bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  customer_email text NOT NULL,
  status         text NOT NULL DEFAULT 'placed',
  total          numeric(10, 2) NOT NULL,
  created_at     timestamptz NOT NULL DEFAULT now()
);

INSERT INTO orders (customer_email, status, total)
SELECT 'parent' || n || '@school.example',
       (ARRAY['placed', 'cooking', 'ready', 'collected', 'cancelled'])[1 + n % 5],
       (n % 400) + 0.50
FROM generate_series(1, 1000) AS n;
