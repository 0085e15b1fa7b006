import type { ErrorEntry } from '../error-entry.ts';

export const stackErrors = {
  STACK_MAVEN_MISSING: {
    summary: 'Apache Maven is not on the PATH',
    cause: 'The local stack takes Apache Kafka and the schema registry from the Maven repository.',
    remedy: 'Install Maven with the command named above and run this again.',
    retry: 'manual',
  },
  STACK_PYTHON_MISSING: {
    summary: 'Python 3.9 or newer is not on the PATH',
    cause: 'The local stack takes SeaweedFS and, where needed, a Java runtime from the Python package index.',
    remedy: 'Install Python with the command named above and run this again.',
    retry: 'manual',
  },
  STACK_PYTHON_VENV_MISSING: {
    summary: 'Python cannot make a virtual environment',
    cause: 'Debian and Ubuntu ship the module venv as a package of its own.',
    remedy: 'Install it with the command named above and run this again.',
    retry: 'manual',
  },
  STACK_USER_MISSING: {
    summary: 'PostgreSQL refuses to run as root and neither the user postgres nor nobody exists',
    cause: 'The stack was started as root on a system without an unprivileged user.',
    remedy: 'Start the stack as an ordinary user, or create one with: useradd --system postgres.',
    retry: 'manual',
  },
  STACK_PLATFORM_UNSUPPORTED: {
    summary: 'No PostgreSQL binaries are installed for this platform',
    cause: 'npm installed the workspace without its optional dependencies, or the platform has none.',
    remedy: 'Run npm ci with optional dependencies, or set HASIVU_POSTGRES_URL to a PostgreSQL 14 or newer.',
    retry: 'manual',
  },
  STACK_POSTGRES_VERSION: {
    summary: 'The local stack has no PostgreSQL of that version',
    cause:
      'HASIVU_POSTGRES_VERSION names another version than those installed, or than the one that runs already.',
    remedy: 'Take one of the versions named above, and end a stack that runs with another one first.',
    retry: 'manual',
  },
  STACK_DIRECTORY_UNSAFE: {
    summary: 'A directory the stack needs belongs to another user',
    cause: 'Someone else created a directory of that name in a place every user can write.',
    remedy: 'Remove that directory, or keep the workspace where the user postgres can reach it.',
    retry: 'manual',
  },
  STACK_DOWNLOAD_FAILED: {
    summary: 'A part of the stack could not be downloaded',
    cause: 'The package registry could not be reached, or the disk is full.',
    remedy: 'Check the network and the free disk space, then run this again; what is already there is kept.',
    retry: 'manual',
  },
  STACK_PART_FAILED: {
    summary: 'A server of the local stack did not become healthy',
    cause: 'The process ended or did not answer in time.',
    remedy: 'Read the end of the log named above; `down` and `up` start it afresh.',
    retry: 'manual',
  },
  STACK_NOT_RUNNING: {
    summary: 'The local stack is not running',
    cause: 'It was never started here, was stopped, or its processes were killed.',
    remedy: 'Start it with: npm run hasivu -- local up.',
    retry: 'manual',
  },
  STACK_BUSY: {
    summary: 'Another process held the lock for too long',
    cause: 'A second start works in the same directory, or one was suspended.',
    remedy: 'Wait for the other start to end, or end it, and run this again.',
    retry: 'manual',
  },
  STACK_EXTERNAL_INVALID: {
    summary: 'The address of an existing server is incomplete',
    cause: 'Only some of the environment variables that describe the server are set.',
    remedy: 'Set every variable named above, or none of them.',
    retry: 'manual',
  },
  STACK_PYTHON_SCRIPT_FAILED: {
    summary: 'A Python script ended with an error',
    cause: 'The script printed its reason on stderr.',
    remedy: 'Read the message above.',
    retry: 'manual',
  },
} as const satisfies Record<string, ErrorEntry>;
