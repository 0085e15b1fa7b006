import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const PACKAGES = {
  maven: { 'apt-get': 'maven', dnf: 'maven', apk: 'maven', pacman: 'maven', brew: 'maven' },
  python: {
    'apt-get': 'python3 python3-venv',
    dnf: 'python3',
    apk: 'python3',
    pacman: 'python',
    brew: 'python',
  },
  'python-venv': {
    'apt-get': 'python3-venv',
    dnf: 'python3',
    apk: 'python3',
    pacman: 'python',
    brew: 'python',
  },
} as const;
const VERBS = {
  'apt-get': 'sudo apt-get install -y',
  dnf: 'sudo dnf install -y',
  apk: 'sudo apk add',
  pacman: 'sudo pacman -S',
  brew: 'brew install',
} as const;

/** The command that installs a prerequisite on this machine, by the package manager found on the PATH. */
export function installCommand(what: keyof typeof PACKAGES, path = process.env['PATH'] ?? ''): string {
  const managers = Object.keys(VERBS) as (keyof typeof VERBS)[];
  const manager = managers.find((name) => findProgram(name, path) !== null) ?? 'apt-get';
  return `${VERBS[manager]} ${PACKAGES[what][manager]}`;
}

/** Full path of a program on the PATH, or null. */
export function findProgram(name: string, path = process.env['PATH'] ?? ''): string | null {
  for (const directory of path.split(delimiter)) {
    if (directory === '') continue;
    const candidate = join(directory, name);
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      continue;
    }
  }
  return null;
}
