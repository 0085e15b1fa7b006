/** Schools are the tenants; vendors cook for many of them; students order. */
export const TENANTS_DDL = `
CREATE TYPE school_tier AS ENUM ('pilot', 'standard', 'premium');
CREATE TYPE diet AS ENUM ('vegetarian', 'vegan', 'jain', 'any');

CREATE TABLE schools (
  id            uuid PRIMARY KEY,
  code          text NOT NULL UNIQUE,
  name          text NOT NULL,
  city          text NOT NULL,
  tier          school_tier NOT NULL,
  opened_on     date NOT NULL,
  student_limit integer NOT NULL,
  latitude      double precision,
  longitude     double precision,
  tags          text[] NOT NULL DEFAULT '{}',
  settings      jsonb NOT NULL DEFAULT '{}',
  active        boolean NOT NULL DEFAULT true,
  created_at    timestamptz NOT NULL
);

CREATE TABLE vendors (
  id              bigint PRIMARY KEY,
  name            text NOT NULL,
  tax_number      text NOT NULL UNIQUE,
  commission_rate numeric(5,4) NOT NULL,
  rating          real,
  cuisines        text[] NOT NULL,
  opens_at        time NOT NULL,
  bank_digest     bytea NOT NULL,
  active          boolean NOT NULL,
  created_at      timestamptz NOT NULL
);

CREATE TABLE students (
  id             uuid PRIMARY KEY,
  school_id      uuid NOT NULL,
  admission_no   text NOT NULL,
  name           text NOT NULL,
  email          text,
  phone          text,
  grade          smallint NOT NULL,
  diet           diet NOT NULL,
  allergies      text[],
  date_of_birth  date NOT NULL,
  wallet_balance numeric(12,2) NOT NULL,
  updated_at     timestamptz NOT NULL,
  UNIQUE (school_id, admission_no)
);
`;

export const TENANTS_KEYS = `
ALTER TABLE students ADD FOREIGN KEY (school_id) REFERENCES schools;
`;
