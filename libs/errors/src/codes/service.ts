import type { ErrorEntry } from '../error-entry.ts';

export const serviceErrors = {
  SERVICE_PORT_TAKEN: {
    summary: 'The port for health and metrics cannot be opened',
    cause: 'Another process listens on it, or this user may not open it.',
    remedy:
      'Give the service another port (services.<name>.httpPort, or HASIVU_HTTP_PORT; 0 takes a free one).',
    retry: 'manual',
  },
  SERVICE_DRAIN_TIMEOUT: {
    summary: 'The service could not finish its accepted work in the time given for a stop',
    cause: 'A broker, the database or the object store did not answer while the service was stopping.',
    remedy:
      'Nothing is lost: the next start replays from the last durable position. Check the servers it talks to.',
    retry: 'restart',
  },
} as const satisfies Record<string, ErrorEntry>;
