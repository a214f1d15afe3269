// A provider of log-ins for the tests: oidc-provider, which is certified by the OpenID Foundation.
// Usage: node provider.js PORT REDIRECT LOGOUT KEYFILE [BACKCHANNEL]    prints "ready" when it listens.
// KEYFILE holds its keys (a JWKS); SIGHUP reads them again, as a provider does that changes its keys.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import Provider from 'oidc-provider';

const [port, redirect, logout, keyFile, backChannel] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const people = {
  'j.bakker': { groups: ['helpdesk-almelo'], preferred_username: 'j.bakker' },
  'f.beheer': { groups: ['staff', 'govroam-beheer'], preferred_username: 'f.beheer' },
  'niemand': { groups: ['staff'], preferred_username: 'niemand' },
};

function made() {
  const provider = new Provider(issuer, {
    clients: [{
      client_id: 'ggi-helpdesk',
      client_secret: 'geheim/van+de=client',
      redirect_uris: [redirect],
      post_logout_redirect_uris: [logout],
      grant_types: ['authorization_code'],
      response_types: ['code'],
      ...(backChannel ? { backchannel_logout_uri: backChannel, backchannel_logout_session_required: true } : {}),
    }],
    jwks: JSON.parse(readFileSync(keyFile)),
    cookies: { keys: ['only for tests'] },
    claims: { openid: ['sub'], profile: ['preferred_username', 'groups'] },
    conformIdTokenClaims: false, // claims of a scope stand in the ID token itself
    findAccount: (ctx, id) => (people[id] ? { accountId: id, claims: async () => ({ sub: id, ...people[id] }) } : undefined),
    pkce: { methods: ['S256'], required: () => true },
    features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true }, backchannelLogout: { enabled: true } },
  });
  return provider.callback();
}

let answer = made();
process.on('SIGHUP', () => { answer = made(); console.log('reloaded'); });
http.createServer((request, response) => answer(request, response))
  .listen(Number(port), '127.0.0.1', () => console.log('ready'));
