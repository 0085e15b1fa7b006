import { Type, type TString } from '@sinclair/typebox';

/** A string that may be `env:NAME` or `file:PATH`; the value is put in its place when the file is loaded. */
export function SecretRef(description: string): TString {
  return Type.String({ minLength: 1, description: `${description} (env:NAME, file:PATH)` });
}

export const TlsSection = Type.Object(
  {
    caFile: Type.Optional(
      Type.String({ description: 'PEM file of the authority that signed the server certificate' }),
    ),
    certFile: Type.Optional(Type.String({ description: 'PEM file of the client certificate' })),
    keyFile: Type.Optional(Type.String({ description: 'PEM file of the client key' })),
    serverName: Type.Optional(Type.String({ description: 'Name to verify, where it differs from the host' })),
    verify: Type.Boolean({
      default: true,
      description: 'Verify the chain and the name of the server certificate',
    }),
  },
  { additionalProperties: false },
);
