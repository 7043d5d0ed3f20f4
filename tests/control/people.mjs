// An OpenID-certified identity provider where people log in, for tests/control.
// Usage: people.mjs PORT PAGE GROUPS, the last as JSON: {"alice": ["sre"]}. Anybody may log in with
// any password; the clients are `control-page` with the secret `page-s3cret`, and `control-cli`, whose
// ID tokens last for seconds.
import { generateKeyPairSync } from 'node:crypto';
import { Provider } from 'oidc-provider';

const [port, page, groups] = process.argv.slice(2);
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const groupsOf = JSON.parse(groups);

const provider = new Provider(`http://127.0.0.1:${port}`, {
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'idp', alg: 'RS256', use: 'sig' }] },
  cookies: { keys: ['for tests only'] },
  clients: [{
    client_id: 'control-page',
    client_secret: 'page-s3cret',
    redirect_uris: [`${page}/auth/callback`],
    post_logout_redirect_uris: [`${page}/`],
    backchannel_logout_uri: `${page}/auth/backchannel`,
    backchannel_logout_session_required: true,
  }, {
    client_id: 'control-cli',
    token_endpoint_auth_method: 'none',
    application_type: 'native',
    grant_types: [
      'authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code',
    ],
    redirect_uris: ['http://127.0.0.1/callback'],
  }],
  claims: { openid: ['sub', 'sid', 'groups', 'name'] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  features: {
    backchannelLogout: { enabled: true }, devInteractions: { enabled: true },
    deviceFlow: { enabled: true }, revocation: { enabled: true },
  },
  issueRefreshToken: (_, client) => client.grantTypeAllowed('refresh_token'),
  rotateRefreshToken: true,
  ttl: { IdToken: (_, token, client) => (client.clientId === 'control-cli' ? 20 : 3600) },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({
      sub: id, groups: groupsOf[id] ?? [], ...(id === 'alice' && { name: 'Alice Liddell' }),
    }),
  }),
  // What the client may know is not asked each time.
  async loadExistingGrant(ctx) {
    const { client, session } = ctx.oidc;
    const grant = new ctx.oidc.provider.Grant({
      clientId: client.clientId, accountId: session.accountId,
    });
    grant.addOIDCScope('openid');
    await grant.save();
    return grant;
  },
  // Where the provider itself calls the client: this machine.
  fetch: (url, options) => fetch(url, options),
});
provider.listen(Number(port), '127.0.0.1');
