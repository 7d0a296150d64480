import { describe, expect, it } from 'vitest';

import { LARGEST, readKubeconfig, refused, shown, type Trouble } from './kubeconfig';

const GOOD = `apiVersion: v1
kind: Config
current-context: prod
clusters:
  - name: prod-cluster
    cluster:
      server: https://203.0.113.7:6443/base
      certificate-authority-data: QQ==
  - name: other
    cluster:
      server: http://other.example
users:
  - name: admin
    user:
      token: s3cret
  - name: cloud
    user:
      exec:
        apiVersion: client.authentication.k8s.io/v1
        command: aws
contexts:
  - name: prod
    context: { cluster: prod-cluster, user: admin }
  - name: cloudy
    context:
      cluster: prod-cluster
      user: cloud
`;

function reading(text: string) {
  const read = readKubeconfig(text);
  if (!read.reading) throw new Error(read.trouble.rule);
  return read.reading;
}

function trouble(text: string): Trouble {
  const read = readKubeconfig(text);
  if (!read.trouble) throw new Error('it was read');
  return read.trouble;
}

/** One context whose user or cluster is given. */
const one = (user: object, cluster: object = {}) =>
  JSON.stringify({
    clusters: [{ name: 'c', cluster: { server: 'https://c:6443', ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
  });
const troublesOf = (text: string) => reading(text).contexts[0]?.troubles.map(({ member }) => member);

describe('a kubeconfig', () => {
  it('is read with its contexts, servers, users and the current one', () => {
    const { contexts, current } = reading(GOOD);
    expect(current).toBe('prod');
    expect(contexts[0]).toEqual({ name: 'prod', cluster: 'prod-cluster', server: 'https://203.0.113.7:6443', user: 'admin', troubles: [] });
  });

  it('is read as JSON as well, also with tabs', () => {
    expect(reading(JSON.stringify(JSON.parse(one({ token: 't' })), null, '\t')).contexts).toHaveLength(1);
    expect(troublesOf(one({ token: 't' }))).toEqual([]);
  });

  it('names an exec plugin at its line', () => {
    const cloudy = reading(GOOD).contexts[1];
    expect(cloudy && refused(cloudy)).toBe(true);
    expect(cloudy?.troubles).toMatchObject([{ line: 18, member: 'users.1.user.exec' }]);
  });

  it('names references to files, passwords, proxies and impersonation', () => {
    expect(troublesOf(one({ 'client-certificate': '/a', 'client-key': '/b' }))).toEqual([
      'users.0.user.client-certificate',
      'users.0.user.client-key',
    ]);
    expect(troublesOf(one({ tokenFile: '/t' }))).toEqual(['users.0.user.tokenFile']);
    expect(troublesOf(one({ username: 'a', password: 'b', token: 't' }))).toEqual(['users.0.user.username', 'users.0.user.password']);
    expect(troublesOf(one({ token: 't', as: 'root' }))).toEqual(['users.0.user.as']);
    expect(troublesOf(one({ token: 't' }, { 'certificate-authority': '/ca', 'proxy-url': 'http://p' }))).toEqual([
      'clusters.0.cluster.certificate-authority',
      'clusters.0.cluster.proxy-url',
    ]);
  });

  it('takes members that kubectl wrote empty for absent', () => {
    expect(troublesOf(one({ token: 't', exec: null, 'as-groups': [], tokenFile: '' }, { 'insecure-skip-tls-verify': false }))).toEqual([]);
  });

  it('wants credentials that are whole', () => {
    expect(troublesOf(one({}))).toEqual(['users.0.user']);
    expect(troublesOf(one({ 'client-certificate-data': 'QQ==' }))).toEqual(['users.0.user']);
    expect(troublesOf(one({ token: 'two words' }))).toEqual(['users.0.user.token']);
    expect(troublesOf(one({ token: 123 }))).toEqual(['users.0.user.token']);
  });

  it('tells what the hub’s settings decide from what is refused for ever', () => {
    const plain = reading(one({ token: 't' }, { server: 'http://c', 'insecure-skip-tls-verify': true })).contexts[0];
    expect(plain?.troubles.map(({ setting }) => setting)).toEqual([
      'CLUSTERMASTER_KUBERNETES_ALLOW_INSECURE_TLS',
      'CLUSTERMASTER_KUBERNETES_ALLOW_PLAINTEXT',
    ]);
    expect(plain && refused(plain)).toBe(false);
    const ftp = reading(one({ token: 't' }, { server: 'ftp://c' })).contexts[0];
    expect(ftp && refused(ftp)).toBe(true);
  });

  it('shows no user and no query of an address', () => {
    const [context] = reading(one({ token: 't' }, { server: 'https://me:hunter2@c:6443/?token=hunter2' })).contexts;
    expect(JSON.stringify(context)).not.toContain('hunter2');
    expect(context?.troubles).toHaveLength(1);
  });

  it('says so when it has no contexts, or those lead nowhere', () => {
    expect(trouble('clusters: []\nusers: []\ncontexts: []\n')).toMatchObject({ line: 3, member: 'contexts' });
    expect(trouble('{}').member).toBe('contexts');
    const dangling = reading('contexts:\n- name: x\n  context:\n    cluster: gone\n').contexts[0];
    expect(dangling?.troubles).toMatchObject([
      { line: 4, member: 'contexts.0.context.cluster' },
      { line: 3, member: 'contexts.0.context' },
    ]);
  });

  it('names the line of a mistake, and quotes nothing', () => {
    const broken = trouble('a: 1\nusers:\n  - token: s3cret\n token: s3cret\n');
    expect(broken.line).toBeGreaterThanOrEqual(3);
    expect(JSON.stringify(broken)).not.toContain('s3cret');
    expect(trouble('a: 1\na: 2\n')).toMatchObject({ line: 2 });
    expect(trouble('a: 1\n---\nb: 2\n').rule).toMatch(/second document/);
    expect(trouble('just words').line).toBe(1);
    expect(trouble(' \n').rule).toMatch(/nothing/);
  });

  it('survives hostile names', () => {
    const names = ['__proto__', 'constructor', '<img src=x onerror=alert(1)>', '\u202Egpj.exe', 'n'.repeat(300)];
    const { contexts } = reading(
      JSON.stringify({
        clusters: [{ name: '__proto__', cluster: { server: 'https://c' } }],
        users: [{ name: 'u', user: { token: 't' } }],
        contexts: [...names, names[0]].map((name) => ({ name, context: { cluster: '__proto__', user: 'u' } })),
      }),
    );
    expect(contexts.map(({ name }) => name)).toEqual(names);
    expect(contexts.map(refused)).toEqual([false, false, false, false, true]);
    expect(shown(names[3] ?? '')).toBe('\\u{202e}gpj.exe');
    expect(reading('__proto__: {contexts: 1}\ncontexts: [{name: x}]').contexts).toHaveLength(1);
  });

  it('refuses what is huge, deep, or repeats itself without end', () => {
    expect(trouble('a'.repeat(LARGEST + 1)).rule).toMatch(/1 MiB/);
    expect(trouble('é'.repeat(LARGEST / 2 + 1)).rule).toMatch(/1 MiB/);
    expect(trouble('['.repeat(100_000)).rule).not.toBe('');
    const laughs = Array.from(
      { length: 12 },
      (_, n) =>
        `a${n}: &a${n} [${Array(9)
          .fill(n ? `*a${n - 1}` : 'x')
          .join(',')}]`,
    ).join('\n');
    expect(trouble(`${laughs}\ncontexts: []`).rule).toMatch(/repeats itself/);
  });
});
