import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { canReach, parsePasswd, postgresUser } from './unprivileged-user.ts';

const PASSWD = 'root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65533:nobody:/nonexistent:/bin/false\n';

describe('the user PostgreSQL runs as', () => {
  test('is ourselves unless we are root', () => {
    expect(postgresUser(1000, () => PASSWD)).toBeNull();
  });
  test('is postgres, or else nobody, when we are root', () => {
    expect(postgresUser(0, () => PASSWD)).toEqual({ name: 'nobody', uid: 65534, gid: 65533 });
    const both = `${PASSWD}postgres:x:101:104::/var/lib/postgresql:/bin/bash\n`;
    expect(postgresUser(0, () => both)).toMatchObject({ name: 'postgres', uid: 101 });
  });
  test('a system without either says so', () => {
    expect(() => postgresUser(0, () => 'root:x:0:0::/root:/bin/sh\n')).toThrow('STACK_USER_MISSING');
  });
  test('lines that are not accounts are passed over', () => {
    expect(parsePasswd('\n# comment\nuser:x:5:6:::\n')).toEqual([{ name: 'user', uid: 5, gid: 6 }]);
  });
});

describe('reach', () => {
  test('ends at a parent that the user may not enter', () => {
    const parent = mkdtempSync(join(tmpdir(), 'hasivu-reach-'));
    const child = join(parent, 'child');
    mkdirSync(child, { mode: 0o755 });
    const stranger = { name: 'stranger', uid: 987_654, gid: 987_654 };
    expect(canReach(child, stranger)).toBe(false);
    chmodSync(parent, 0o711);
    expect(canReach(child, stranger)).toBe(true);
    rmSync(parent, { recursive: true });
  });
});
