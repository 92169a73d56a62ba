// npm's oidc-provider as an identity provider for the tests: two people, one client, a log-in
// page that takes a name, keys that rotate on command. Prints `ready ISSUER`.
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'

const require = createRequire(new URL('../node/node_modules/', import.meta.url))
const { Provider } = await import(require.resolve('oidc-provider'))
const port = Number(process.argv[2])
const callback = process.argv[3]
const issuer = `http://127.0.0.1:${port}`
const people = {
  ann: { name: 'Ann Ågren', groups: ['ops', 'devs'] },
  bob: { name: 'Bob', groups: ['devs'] },
}
let handle = make('key-1')

function signingKey(kid) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { ...privateKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' }
}

function make(kid) {
  const provider = new Provider(issuer, {
    clients: [{
      client_id: 'towpath', client_secret: 'a secret of the tests', redirect_uris: [callback],
      post_logout_redirect_uris: [new URL('/login', callback).href],
    }],
    claims: { openid: ['sub'], profile: ['name', 'preferred_username'], groups: ['groups'] },
    scopes: ['openid', 'profile', 'groups'],
    cookies: { keys: ['only for tests'] },
    jwks: { keys: [signingKey(kid)] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, interaction) => `/log-in/${interaction.uid}` },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, preferred_username: id, ...people[id] }),
    }),
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({
        clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId,
      })
      grant.addOIDCScope('openid profile groups')
      await grant.save()
      return grant
    },
    renderError: (ctx, out) => { ctx.body = JSON.stringify(out) },
  })
  const answer = provider.callback()
  return async (request, reply) => {
    const url = new URL(request.url, issuer)
    if (!url.pathname.startsWith('/log-in/')) return answer(request, reply)
    const who = url.searchParams.get('who')
    const result = who ? { login: { accountId: who } } : { error: 'access_denied' }
    return provider.interactionFinished(request, reply, result)
  }
}

async function body(request) {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  return JSON.parse(Buffer.concat(chunks).toString() || '{}')
}

// What only the tests do: change who somebody is, and start again with another key.
async function control(request, reply) {
  const wanted = await body(request)
  Object.assign(people, wanted.people)
  if (wanted.kid) handle = make(wanted.kid)
  reply.end('{}')
}

createServer((request, reply) => {
  const answer = request.url === '/for-tests' ? control : handle
  Promise.resolve(answer(request, reply)).catch((error) => {
    process.stderr.write(`${error.stack}\n`)
    reply.writeHead(500).end(String(error))
  })
}).listen(port, '127.0.0.1', () => process.stdout.write(`ready ${issuer}\n`))
