import { DIRTY_ONE_IN, FIRST_KITCHEN_EVENT_ID, FIRST_ORDER_ID, type DemoSize } from './demo-size.ts';

/** One INSERT … SELECT of the seed; `table` names it for the progress line. */
export interface SeedStatement {
  readonly table: string;
  readonly sql: string;
}

const CITIES = `ARRAY['Bengaluru','Mysuru','Chennai','Hyderabad','Pune','Kochi','Mumbai','Delhi']`;
const GIVEN = `ARRAY['Aarav','Diya','Ishaan','Kavya','Rohan','Meera','Vihaan','Ananya','Arjun','Saanvi','Zoë','Irfan']`;
const FAMILY = `ARRAY['Rao','Sharma','Iyer','Patel','Khan','Nair','Gupta','Das','D''Souza','Reddy']`;
const DISHES = `ARRAY['Idli Sambar','Masala Dosa','Veg Pulao','Curd Rice','Chapati & Dal','Paneer Wrap','Lemon Rice','Poha','Upma','Fruit Bowl']`;
const START = `timestamptz '2026-06-01 02:30:00+00'`;
/** Skewed pick of 1..n: a few schools and vendors get most of the traffic, as in life. */
const skewed = (count: number) => `1 + floor(${count} * power(random(), 3))::int`;
const pick = (list: string) => `(${list})[1 + floor(random() * array_length(${list}, 1))::int]`;

/**
 * The whole seed, made inside Postgres. Repeatable: the session's `setseed` decides every random() in order, because an
 * INSERT … SELECT runs in one process.
 */
export function seedStatements(size: DemoSize): SeedStatement[] {
  return [
    schools(size),
    vendors(size),
    students(size),
    menuItems(size),
    orders(size),
    orderLines(size),
    payments(),
    kitchenEvents(),
  ];
}

function schools({ schools: count }: DemoSize): SeedStatement {
  return {
    table: 'schools',
    sql: `INSERT INTO schools SELECT md5('school' || n)::uuid, 'SCH-' || lpad(n::text, 4, '0'), ${pick(FAMILY)} || ' Vidyalaya ' || n, ${pick(CITIES)},
      (ARRAY['pilot','standard','standard','premium'])[1 + n % 4]::school_tier, date '1950-01-01' + (n * 53) % 26000, 200 + (n * 37) % 2800,
      8 + round((random() * 20)::numeric, 6)::float8, 70 + round((random() * 18)::numeric, 6)::float8,
      CASE WHEN n % 3 = 0 THEN ARRAY['boarding', 'सरकारी'] WHEN n % 3 = 1 THEN ARRAY['day'] ELSE '{}' END,
      jsonb_build_object('lunch', jsonb_build_object('from', '12:10', 'minutes', 30 + n % 20), 'contact', ${pick(GIVEN)}, 'quota', n * 1.25, 'beta', n % 7 = 0),
      n % 41 <> 0, ${START} - n * interval '1 day' FROM generate_series(1, ${count}) n`,
  };
}

function vendors({ vendors: count }: DemoSize): SeedStatement {
  return {
    table: 'vendors',
    sql: `INSERT INTO vendors SELECT n, ${pick(FAMILY)} || '''s Kitchen ' || n, '29' || lpad((n * 7919)::text, 10, '0') || 'Z' || n % 10, 0.0500 + (n % 90) * 0.0011,
      CASE WHEN n % 9 <> 0 THEN 3 + (n % 19) * 0.1 END, (ARRAY['south', 'north', 'continental'])[1:1 + n % 3], time '06:00' + (n % 120) * interval '1 minute' + n * interval '1 microsecond',
      decode(md5('bank' || n), 'hex'), n % 17 <> 0, ${START} - n * interval '7 hours' FROM generate_series(1, ${count}) n`,
  };
}

function students({ students: count, schools: schoolCount }: DemoSize): SeedStatement {
  return {
    table: 'students',
    sql: `INSERT INTO students SELECT md5('student' || n)::uuid, md5('school' || ${skewed(schoolCount)})::uuid, 'A' || n, ${pick(GIVEN)} || ' ' || ${pick(FAMILY)},
      CASE WHEN n % 11 <> 0 THEN 'family' || n || '@example.org' END, '+91 98' || lpad((n * 7907 % 100000000)::text, 8, '0'), 1 + n % 12,
      (ARRAY['vegetarian','vegan','jain','any'])[1 + n % 4]::diet, CASE n % 10 WHEN 0 THEN ARRAY['peanut', 'gluten'] WHEN 1 THEN ARRAY['milk'] WHEN 2 THEN '{}' END,
      date '2008-01-01' + (n * 31) % 4300, round((random() * 2000)::numeric, 2), ${START} + n * interval '1.000001 seconds' FROM generate_series(1, ${count}) n`,
  };
}

function menuItems({ menuItems: count, vendors: vendorCount }: DemoSize): SeedStatement {
  return {
    table: 'menu_items',
    sql: `INSERT INTO menu_items SELECT n, 1 + n % ${vendorCount}, ${pick(DISHES)} || CASE WHEN n % 13 = 0 THEN ' 🌶' ELSE '' END, 15 + (n * 17 % 230) + 0.50, CASE WHEN n % 8 <> 0 THEN 80 + n * 29 % 720 END,
      round((random() * 30)::numeric, 2)::float8, CASE n % 4 WHEN 0 THEN ARRAY['gluten', 'milk'] WHEN 1 THEN ARRAY['nuts'] ELSE '{}' END,
      CASE WHEN n % 5 <> 0 THEN jsonb_build_object('fat_g', n % 30, 'fibre_g', round((random() * 9)::numeric, 1), 'notes', jsonb_build_array('no "msg"', n)) END,
      n % 23 <> 0, ${START} FROM generate_series(1, ${count}) n`,
  };
}

function orders({ orders: count, students: studentCount, vendors: vendorCount }: DemoSize): SeedStatement {
  const dirty = (kind: number) => `(n % ${DIRTY_ONE_IN} = 0 AND n / ${DIRTY_ONE_IN} % 4 = ${kind})`;
  return {
    table: 'orders',
    sql: `INSERT INTO orders SELECT ${FIRST_ORDER_ID} + n, school_id, CASE WHEN NOT ${dirty(2)} THEN student_id END, vendor,
      (ARRAY['collected','collected','collected','cancelled','ready'])[1 + n % 5]::order_status, CASE WHEN ${dirty(3)} THEN '??' ELSE chr(65 + n % 26) || chr(65 + n / 26 % 26) || lpad((n % 10000)::text, 4, '0') END,
      CASE WHEN n % 6 <> 0 THEN 'parent' || n % 9000 || '@example.org' END, '+91 97' || lpad((n * 7907 % 100000000)::text, 8, '0'),
      amount, round(amount * 0.05, 2), round(amount * 0.05, 2), CASE WHEN ${dirty(0)} THEN -amount ELSE amount END, CASE WHEN ${dirty(1)} THEN 'US' ELSE 'INR' END,
      CASE n % 7 WHEN 0 THEN ARRAY['pre-order', 'bulk, "large"'] WHEN 1 THEN ARRAY[]::text[] END, CASE WHEN n % 3 <> 0 THEN jsonb_build_object('app', '4.' || n % 30, 'ms', n % 900, 'gift', n % 50 = 1) END,
      (${START} + n * interval '90 seconds')::date, time '12:00' + (n % 90) * interval '1 minute', ${START} + n * interval '90.000001 seconds', (${START} + n * interval '90 seconds') AT TIME ZONE 'Asia/Kolkata', ${START} + n * interval '95 seconds'
      FROM (SELECT n, (40 + floor(random() * 60000) / 100)::numeric(10,2) AS amount, md5('student' || ${skewed(studentCount)})::uuid AS student_id, ${skewed(vendorCount)} AS vendor FROM generate_series(1, ${count}) n) made
      JOIN (SELECT id AS student_id, school_id FROM students) known USING (student_id) ORDER BY n`,
  };
}

function orderLines({ menuItems: count }: DemoSize): SeedStatement {
  return {
    table: 'order_lines',
    sql: `INSERT INTO order_lines SELECT id, line, item, quantity, price, price * quantity, CASE WHEN item % 19 = 0 THEN E'no onion,\\tplease\\n"really"' END
      FROM (SELECT id, line, 1 + floor(random() * ${count})::bigint AS item, 1 + floor(random() * 4)::int AS quantity, (20 + floor(random() * 20000) / 100)::numeric(10,2) AS price
        FROM orders, generate_series(1, 1 + (id % 4)::int) line) made`,
  };
}

function payments(): SeedStatement {
  return {
    table: 'payments',
    sql: `INSERT INTO payments SELECT md5('payment' || id)::uuid, id, (ARRAY['wallet','upi','upi','card','cash'])[1 + id % 5]::payment_method, abs(total), id % 31 <> 0,
      CASE WHEN id % 5 <> 0 THEN 'ref_' || md5(id::text) END, CASE WHEN id % 5 = 3 THEN decode(md5('signature' || id), 'hex') END, placed_at + interval '2.5 seconds' FROM orders WHERE id % 10 <> 9`,
  };
}

function kitchenEvents(): SeedStatement {
  return {
    table: 'kitchen_events',
    sql: `INSERT INTO kitchen_events SELECT ${FIRST_KITCHEN_EVENT_ID} + row_number() OVER (), id, vendor_id, (ARRAY['tawa','rice','cold','pack'])[1 + id % 4], (ARRAY['started','done'])[step], CASE step WHEN 2 THEN (60000 + floor(random() * 600000))::int END,
      CASE WHEN id % 3 = 0 THEN ARRAY[72, NULL, 68 + step] END, CASE WHEN id % 4 = 0 THEN ('{ "screen" : ' || id % 9 || ', "by":"cook ' || id % 5 || '" }')::json END, placed_at + step * interval '4 minutes' FROM orders, generate_series(1, 2) step`,
  };
}
