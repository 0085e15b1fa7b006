import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { PlatformError } from '@hasivu/errors';

export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const CANDIDATES = ['postgres', 'nobody'];

/** The user PostgreSQL runs as: null for "whoever we are", another one when we are root, which PostgreSQL refuses. */
export function postgresUser(ourUid = process.getuid?.() ?? -1, passwd = readPasswd): SystemUser | null {
  if (ourUid !== 0) return null;
  const users = parsePasswd(passwd());
  for (const name of CANDIDATES) {
    const user = users.find((candidate) => candidate.name === name && candidate.uid !== 0);
    if (user) return user;
  }
  throw new PlatformError('STACK_USER_MISSING', { doing: 'choosing the user PostgreSQL runs as' });
}

export function parsePasswd(text: string): SystemUser[] {
  return text.split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':');
    return name && uid && gid ? [{ name, uid: Number(uid), gid: Number(gid) }] : [];
  });
}

function readPasswd(): string {
  return readFileSync('/etc/passwd', 'utf8');
}

/** Whether `user` may walk down to `path` (search permission on it and every parent), as far as mode bits tell. */
export function canReach(path: string, user: SystemUser): boolean {
  for (let current = path; ; current = dirname(current)) {
    const facts = statSync(current);
    const bit = facts.uid === user.uid ? 0o100 : facts.gid === user.gid ? 0o010 : 0o001;
    if ((facts.mode & bit) === 0) return false;
    if (dirname(current) === current) return true;
  }
}
