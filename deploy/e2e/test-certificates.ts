import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** PEM files, made with openssl: an authority, a server for `localhost`, a client, and what must not be trusted. */
export interface TestCertificates {
  readonly authority: string;
  readonly serverCertificate: string;
  readonly serverKey: string;
  readonly clientCertificate: string;
  readonly clientKey: string;
  /** An authority that signed nothing. */
  readonly strangeAuthority: string;
  /** The authority itself, name and key, in a certificate of long ago. */
  readonly expiredAuthority: string;
}

export function createTestCertificates(home: string, clientName: string): TestCertificates {
  const path = (name: string): string => join(home, name);
  const openssl = (...args: string[]): void =>
    void execFileSync('openssl', args, { cwd: home, stdio: ['ignore', 'ignore', 'ignore'] });
  const newKey = ['-newkey', 'rsa:2048', '-nodes'];
  for (const name of ['authority', 'strange'])
    openssl(
      'req',
      '-x509',
      ...newKey,
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
    );
  writeFileSync(path('names'), 'subjectAltName=DNS:localhost\n');
  for (const [name, subject] of [
    ['server', 'localhost'],
    ['client', clientName],
  ] as const) {
    openssl('req', ...newKey, '-subj', `/CN=${subject}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    const signing = ['-CA', 'authority.pem', '-CAkey', 'authority.key', '-CAcreateserial', '-days', '2'];
    openssl('x509', '-req', '-in', `${name}.csr`, ...signing, '-extfile', 'names', '-out', `${name}.pem`);
  }
  expire(home, openssl);
  return {
    authority: path('authority.pem'),
    serverCertificate: path('server.pem'),
    serverKey: path('server.key'),
    clientCertificate: path('client.pem'),
    clientKey: path('client.key'),
    strangeAuthority: path('strange.pem'),
    expiredAuthority: path('expired.pem'),
  };
}

/** Only `openssl ca` makes certificates of another time. */
function expire(home: string, openssl: (...args: string[]) => void): void {
  const settings = ['[ca]', 'default_ca=it', '[it]', 'database=index', 'serial=serial', 'new_certs_dir=.'];
  const policy = ['default_md=sha256', 'policy=any', 'x509_extensions=root', '[any]', 'commonName=supplied'];
  const extensions = ['[root]', 'basicConstraints=CA:true'];
  writeFileSync(join(home, 'ca.cnf'), [...settings, ...policy, ...extensions, ''].join('\n'));
  writeFileSync(join(home, 'index'), '');
  writeFileSync(join(home, 'serial'), '01\n');
  openssl('req', '-new', '-key', 'authority.key', '-subj', '/CN=authority', '-out', 'authority.csr');
  const times = ['-startdate', '20200101000000Z', '-enddate', '20200102000000Z'];
  const issue = [
    '-selfsign',
    '-keyfile',
    'authority.key',
    '-in',
    'authority.csr',
    '-notext',
    '-out',
    'expired.pem',
  ];
  openssl('ca', '-batch', '-config', 'ca.cnf', ...issue, ...times);
}
