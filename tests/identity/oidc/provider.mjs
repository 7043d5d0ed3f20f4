// An OpenID-certified authorization server for the tests: client credentials, with tokens for Kafka.
// Usage: provider.mjs PORT TOKEN_SECONDS PUBLIC_JWK_FILE
//
// Clients: `pipe-secret` (secret in the header), `pipe-post` (in the form), `pipe-key`
// (private_key_jwt), `pipe-file` (its tokens live half as long). All secrets are `idp-s3cret`.
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Provider } from 'oidc-provider';

const [port, seconds, jwkFile] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const signing = { ...privateKey.export({ format: 'jwk' }), kid: 'idp', alg: 'RS256', use: 'sig' };
const client = (id, method, more) => ({
  client_id: id,
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
  token_endpoint_auth_method: method,
  ...more,
});
const secret = { client_secret: 'idp-s3cret' };
const key = { token_endpoint_auth_signing_alg: 'RS256' };

const provider = new Provider(issuer, {
  jwks: { keys: [signing] },
  clients: [
    client('pipe-secret', 'client_secret_basic', secret),
    client('pipe-file', 'client_secret_basic', secret),
    client('pipe-post', 'client_secret_post', secret),
    client('pipe-key', 'private_key_jwt', {
      ...key,
      jwks: { keys: [JSON.parse(readFileSync(jwkFile))] },
    }),
  ],
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => 'urn:kafka',
      useGrantedResource: () => true,
      getResourceServerInfo: (context, resource, { clientId }) => ({
        scope: 'kafka',
        audience: 'kafka',
        accessTokenFormat: 'jwt',
        accessTokenTTL: Number(seconds) / (clientId === 'pipe-file' ? 2 : 1),
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
});
provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
