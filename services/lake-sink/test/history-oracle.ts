/** One change of a small table, as the test makes it. */
export interface SourceChange {
  readonly op: 'c' | 'r' | 'u' | 'd' | 't';
  readonly lsn: number;
  readonly seq: number;
  /** Commit time, seconds since 1970. */
  readonly at: number;
  /** Null for a TRUNCATE. */
  readonly key: number | null;
  readonly values: Readonly<Record<string, string | number | null>>;
  readonly unavailable: readonly string[];
}

export interface OracleForm {
  readonly type: 0 | 1 | 2 | 3 | 4 | 6;
  readonly track: readonly string[] | null;
  readonly ignore: readonly string[];
  readonly retain: readonly string[] | null;
  readonly overwrite: readonly string[];
  readonly previous: readonly string[];
}

type Values = Record<string, string | number | null>;
export interface OracleVersion {
  readonly key: number;
  values: Values;
  first: Values;
  previous: Values;
  readonly from: SourceChange;
  last: SourceChange;
  to: SourceChange | null;
}

/** Versions by going through the sorted, distinct changes one key at a time: slow, and without any of the sink's code. */
export function oracleVersions(
  form: OracleForm,
  columns: readonly string[],
  changes: readonly SourceChange[],
): OracleVersion[] {
  const distinct = new Map(changes.map((change) => [`${change.lsn}/${change.seq}`, change]));
  const sorted = [...distinct.values()].sort((a, b) => a.lsn - b.lsn || a.seq - b.seq);
  const keys = [...new Set(sorted.flatMap((change) => (change.key === null ? [] : [change.key])))];
  const cutting = [2, 4, 6].includes(form.type)
    ? columns.filter(
        (name) =>
          form.track?.includes(name) ?? (!form.ignore.includes(name) && !form.overwrite.includes(name)),
      )
    : [];
  const versions: OracleVersion[] = [];
  for (const key of keys) {
    const own: OracleVersion[] = [];
    let open = null as OracleVersion | null;
    for (const change of sorted) {
      if (change.key !== null && change.key !== key) continue;
      if (change.op === 'd' || change.op === 't') {
        if (open !== null) open.to = change;
        open = null;
        continue;
      }
      const values: Values = {};
      for (const name of columns)
        values[name] = change.unavailable.includes(name)
          ? (open?.values[name] ?? null)
          : (change.values[name] ?? null);
      const before: OracleVersion | null = open;
      const previous: Values = {};
      for (const name of form.previous) {
        if (before === null) previous[name] = null;
        else
          previous[name] =
            before.values[name] === values[name]
              ? (before.previous[name] ?? null)
              : (before.values[name] ?? null);
      }
      if (before === null || cutting.some((name) => before.values[name] !== values[name])) {
        if (before !== null) before.to = change;
        open = {
          key,
          values,
          first: before?.first ?? values,
          previous,
          from: change,
          last: change,
          to: null,
        };
        own.push(open);
      } else {
        before.values = values;
        before.previous = previous;
        before.last = change;
      }
    }
    const newest = own.at(-1)?.values ?? {};
    for (const version of own)
      versions.push({ ...version, values: { ...version.values, ...overwritten(form, newest, cutting) } });
  }
  return versions;
}

/** Rows as they stand in a table, in the form `_previous_x`, `_current_x` beside the values. */
export function oracleRow(form: OracleForm, version: OracleVersion, columns: readonly string[]): Values {
  const row: Values = { id: version.key };
  for (const name of columns) {
    const isRetained = form.type === 0 && (form.retain?.includes(name) ?? true);
    row[name] = (isRetained ? version.first : version.values)[name] ?? null;
  }
  for (const name of form.previous) row[`_previous_${name}`] = version.previous[name] ?? null;
  for (const [name, value] of Object.entries(version.values))
    if (name.startsWith('_current_')) row[name] = value;
  Object.assign(row, {
    _valid_from: version.from.at,
    _from_lsn: version.from.lsn,
    _from_seq: version.from.seq,
    _lsn: version.last.lsn,
    _seq: version.last.seq,
    _valid_to: version.to?.at ?? null,
    _to_lsn: version.to?.lsn ?? null,
    _to_seq: version.to?.seq ?? null,
  });
  return row;
}

function overwritten(form: OracleForm, newest: Values, cutting: readonly string[]): Values {
  const values: Values = {};
  for (const name of form.overwrite)
    values[cutting.includes(name) ? `_current_${name}` : name] = newest[name] ?? null;
  return values;
}

/** The source's rows after everything up to an LSN, by key. */
export function sourceStateAt(
  columns: readonly string[],
  changes: readonly SourceChange[],
  lsn: number,
): Map<number, Values> {
  const state = new Map<number, Values>();
  const sorted = [...changes].sort((a, b) => a.lsn - b.lsn || a.seq - b.seq);
  for (const change of sorted) {
    if (change.lsn > lsn) break;
    if (change.op === 't') state.clear();
    else if (change.op === 'd') state.delete(change.key as number);
    else {
      const before = state.get(change.key as number);
      const values: Values = {};
      for (const name of columns)
        values[name] = change.unavailable.includes(name)
          ? (before?.[name] ?? null)
          : (change.values[name] ?? null);
      state.set(change.key as number, values);
    }
  }
  return state;
}
