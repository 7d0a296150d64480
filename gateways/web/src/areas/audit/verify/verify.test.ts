// @vitest-environment node
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { base64, hex, unbase64, unhex, utf8 } from './bytes';
import { engine } from './engine';
import { made, REPOSITORY, signer, vectors } from './fixture';
import { readLeaf } from './leaf';
import { climb, leafHash } from './tree';
import { type Question, verify } from './verify';

const own = await engine();

it('reads the leaves of the vectors, and refuses what is none', async () => {
  const { leaves, rejected } = vectors<{ leaves: Record<string, string>[]; rejected: { leaf: string; name: string }[] }>('leaf');
  for (const one of leaves) {
    const bytes = unhex(one['leaf'] ?? '');
    const leaf = readLeaf(bytes);
    expect({
      tenant: leaf.tenant,
      sequence: `${leaf.sequence}`,
      event: leaf.event,
      command: leaf.command,
      time: `${leaf.recordedAt}`,
      stream: leaf.stream,
      revision: `${leaf.revision}`,
      type: leaf.type,
      version: leaf.version,
      actor: leaf.actor,
      hash: hex(await leafHash(own, bytes)),
    }).toEqual({
      tenant: one['tenant'],
      sequence: one['sequence'],
      event: one['event_id'],
      command: one['command_id'],
      time: one['recorded_at'],
      stream: one['stream'],
      revision: one['revision'],
      type: one['event_type'],
      version: one['schema_version'],
      actor: one['actor'],
      hash: one['leaf_hash'],
    });
  }
  expect(rejected.length).toBeGreaterThan(5);
  for (const { leaf, name } of rejected) expect(() => readLeaf(unhex(leaf)), name).toThrow();
});

it('climbs to the root in every tree of the vectors, and nowhere when a node is wrong, missing or one too many', async () => {
  const { leaves, roots, inclusion } = vectors<{ leaves: { leaf_hash: string }[]; roots: string[]; inclusion: { index: number; size: number; proof: string[] }[] }>('tree');
  for (const { index, size, proof } of inclusion) {
    const leaf = unhex(leaves[index]?.leaf_hash ?? '');
    const nodes = proof.map(unhex);
    const way = (hashes = nodes, at = BigInt(index), of = BigInt(size)) => climb(own, leaf, at, of, hashes);
    const top = async (...asked: Parameters<typeof way>) => hex((await way(...asked)).at(-1)?.made ?? leaf);
    expect(await top()).toBe(roots[size]);
    await expect(way([...nodes, leaf])).rejects.toThrow(/more hashes/);
    await expect(way(nodes, BigInt(size))).rejects.toThrow(/covers only/);
    if (nodes.length === 0) continue;
    await expect(way(nodes.slice(1))).rejects.toThrow(/fewer hashes/);
    for (const wrong of nodes.keys()) {
      const flipped = nodes.map((node, at) => (at === wrong ? node.map((byte, nth) => (nth === 5 ? byte ^ 1 : byte)) : node));
      expect(await top(flipped)).not.toBe(roots[size]);
    }
  }
});

const flip = (text: string) => base64(unbase64(text).map((byte, at, all) => (at === all.length - 1 ? byte ^ 1 : byte)));

describe('a proof', async () => {
  const { entry, proof, hub, origin } = await made();
  const sound = JSON.stringify(proof);
  const ask = (change: Partial<typeof proof> & Record<string, unknown> = {}, rest: Partial<Question> = {}) =>
    verify(own, { text: JSON.stringify({ ...proof, ...change }), entry, held: hub.verifier, ...rest });
  const failing = async (report: ReturnType<typeof verify>) => {
    const { steps, proven } = await report;
    expect(proven).toBe(steps.every((one) => one.status === 'holds'));
    return steps.filter((one) => one.status === 'fails').map((one) => one.name);
  };
  const note = proof.checkpoint;
  const [text, signature] = [note.slice(0, note.indexOf('\n\n') + 1), note.slice(note.indexOf('\n\n') + 2)];

  it('holds, by the hub’s key, by the tenant’s, and by the hub’s own word', async () => {
    const report = await ask();
    expect(report.steps.map((one) => one.status)).toEqual(Array(10).fill('holds'));
    expect(report).toMatchObject({ proven: true, trust: 'held' });
    expect(await ask({}, { held: (await signer(3, origin)).verifier })).toMatchObject({ proven: true });
    expect(await ask({}, { held: undefined })).toMatchObject({ proven: true, trust: 'hub' });
  });

  it('holds for every event of the chain', async () => {
    for (const index of [0, 1, 3]) {
      const one = await made(index);
      expect(await verify(own, { text: JSON.stringify(one.proof), entry: one.entry, held: hub.verifier })).toMatchObject({ proven: true });
    }
  });

  const MUTATIONS: [string, Record<string, unknown>, string[]][] = [
    ['an altered body', { payload: flip(proof['payload'] as string) }, ['payload', 'entry']],
    ['altered circumstances', { metadata: base64(utf8('{"trace_id":"0"}')) }, ['metadata', 'entry']],
    ['a leaf of another time', { leaf: base64(unbase64(proof['leaf'] as string).map((byte, at) => (at === 96 ? byte ^ 1 : byte))) }, ['entry', 'leaf', 'root']],
    ['another sequence', { sequence: 1 }, ['read']],
    ['an extra node', { hashes: [...proof.hashes, proof.hashes[0] ?? ''] }, ['path']],
    ['a missing node', { hashes: proof.hashes.slice(0, -1) }, ['path']],
    ['a flipped node', { hashes: proof.hashes.map((one, at) => (at === 1 ? one.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) : one)) }, ['root']],
    ['a wrong size', { checkpoint: note.replace('\n5\n', '\n4\n') }, ['path', 'signature']],
    ['a size that is too small', { checkpoint: note.replace('\n5\n', '\n2\n') }, ['path', 'signature']],
    ['a swapped origin', { checkpoint: note.replaceAll('hub.example', 'hub.elsewhere') }, ['key']],
    ['another tenant', { checkpoint: note.replaceAll('01920000', '01920001') }, ['checkpoint', 'signature']],
    ['a root of another ledger', { checkpoint: note.replace(/\n[^\n]{44}\n/, `\n${base64(new Uint8Array(32))}\n`) }, ['root', 'signature']],
    ['a signature twice', { checkpoint: note + signature }, ['signature']],
    ['a flipped signature', { checkpoint: note.replace(/(\S+)\n$/, (line) => `${flip(line.trim())}\n`) }, ['signature']],
    ['no signature', { checkpoint: text }, ['checkpoint']],
    ['a checkpoint with a blank', { checkpoint: note.replace('\n5\n', '\n5 \n') }, ['checkpoint']],
    ['a member more', { more: 'x' }, ['read']],
    ['another format', { format: 'clustermaster-proof/2' }, ['read']],
    ['an upper-case hash', { hashes: proof.hashes.map((one) => one.toUpperCase()) }, ['read']],
    ['half a character', { checkpoint: `${note}\ud800` }, ['read']],
  ];

  it.each(MUTATIONS)('names what fails: %s', async (_name, change, wanted) => {
    expect(await failing(ask(change))).toEqual(wanted);
  });

  const MISREAD: [string, string][] = [
    ['a member twice', sound.replace('{', '{"sequence":2,')],
    ['a sequence that is no whole number', sound.replace('"sequence":2', '"sequence":2.0')],
    ['a list', '[]'],
    ['something behind it', `${sound}x`],
    ['nothing', ''],
    ['base64 that is written another way', sound.replace(proof['leaf'] as string, `${proof['leaf'] as string} `)],
  ];

  it.each(MISREAD)('refuses JSON that two readers could read in two ways: %s', async (_name, json) => {
    expect(await failing(verify(own, { text: json, entry, held: hub.verifier }))).toEqual(['read']);
  });

  it('judges them all as the verifier in Python does', () => {
    const folder = mkdtempSync(join(tmpdir(), 'proofs-'));
    const texts = [sound, ...MUTATIONS.map(([, change]) => JSON.stringify({ ...proof, ...change })), ...MISREAD.map(([, json]) => json)];
    const files = texts.map((json, nth) => {
      const file = join(folder, String(nth));
      writeFileSync(file, json);
      return file;
    });
    const program = join(REPOSITORY, 'replay-tools/verifier/verify.py');
    const { stdout, error } = spawnSync('python3', [program, 'proof', ...files, '--key', hub.verifier], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    expect(error).toBeUndefined();
    expect(stdout.trim().split('\n').map((line) => line.includes(': proven'))).toEqual([true, ...Array(texts.length - 1).fill(false)]);
  });

  it('takes spaces between tokens, and characters outside of the base plane', async () => {
    expect(await failing(verify(own, { text: JSON.stringify(proof, null, 2), entry, held: hub.verifier }))).toEqual([]);
    expect(await failing(ask({ checkpoint: `${note.slice(0, -1)}\u{1f600}\n` }))).toEqual(['checkpoint']);
  });

  it('names each member that the page shows otherwise than it was hashed', async () => {
    const shown = { ...entry, actor: 'user_x', reason: 'because', payload: { nodes: 4 } as never };
    const report = await ask({}, { entry: shown });
    expect(report.members.filter((one) => !one.same).map((one) => one.name)).toEqual(['Who', 'Reason', 'Body']);
    expect(report.steps.find((one) => one.status === 'fails')).toMatchObject({ name: 'entry', fault: expect.stringContaining('Who, Reason, Body') as string });
    expect(await failing(ask({}, { entry: { ...entry, leaf_hash: 'ff'.repeat(32) } }))).toEqual(['entry', 'leaf']);
  });

  it('fails by another key than the hub names, also when all else holds', async () => {
    const stranger = await signer(4);
    expect(await failing(ask({}, { held: stranger.verifier }))).toEqual(['key']);
    // A hub that rewrote all and signed it anew is believed by its own word, and found out by a key that was kept.
    const forged = { checkpoint: `${text}\n${await stranger.sign(text, origin)}`, verifier_key: stranger.verifier };
    expect(await ask(forged, { held: undefined })).toMatchObject({ proven: true, trust: 'hub' });
    expect(await failing(ask(forged))).toEqual(['key']);
    expect(await failing(ask({ ...forged, verifier_key: hub.verifier }))).toEqual(['signature']);
    for (const typo of ['nonsense', hub.verifier.replace('hub', 'hob'), hub.verifier.replace(/.$/, 'A'), '']) {
      expect(await failing(ask({}, { held: typo })), typo).toEqual(['key']);
    }
    expect(await failing(ask({}, { held: (await signer(3, `${origin}/below`)).verifier }))).toEqual(['key']);
  });

  it('believes a new key once the old one and it have signed for it, and not otherwise', async () => {
    const next = await signer(5);
    const said = `clustermaster signing key rotation/1\n${hub.verifier}\n${next.verifier}\n`;
    const change = { checkpoint: `${text}\n${await next.sign(text, origin)}`, verifier_key: next.verifier };
    const both = `${said}\n${await hub.sign(said)}${await next.sign(said)}`;
    expect(await failing(ask(change, { rotations: [both] }))).toEqual([]);
    expect(await failing(ask(change, { held: (await signer(3, origin)).verifier, rotations: [both] }))).toEqual([]);
    expect(await failing(ask(change, { rotations: [`${said}\n${await next.sign(said)}`] }))).toEqual(['key']);
    expect(await failing(ask(change, { held: (await signer(6)).verifier, rotations: [both] }))).toEqual(['key']);
  });
});
