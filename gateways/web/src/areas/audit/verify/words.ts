/** What the steps of the verification are called, and what they mean, for people who sign for it. */
import type { StepName } from './verify';

export const TITLE: Record<StepName, string> = {
  read: 'Read the proof',
  payload: 'Hash the body of the event',
  metadata: 'Hash the circumstances of the event',
  entry: 'Compare with what this page shows',
  leaf: 'Hash the leaf',
  path: 'Climb the tree',
  root: 'Arrive at the root',
  checkpoint: 'Read the checkpoint',
  key: 'Choose the key',
  signature: 'Check the signature',
};

/** What is done in a step, and what it is good for. */
export const ABOUT: Record<StepName, string> = {
  read: 'The hub’s answer has to be a proof of the published format, of one entry at one place in the ledger. Whatever is more, less or written otherwise is refused.',
  payload: 'A hash is a fingerprint: change one letter, and it is another one. The leaf, a short record that the ledger keeps of each event, names the fingerprint of the body. This browser computes it from the bytes.',
  metadata: 'The same for what surrounds the event: the command, the reason, the change request, the request.',
  entry: 'Who, what, when, why: each is read from the hashed bytes again and compared with what the page told you. The summary, the outcome and “before” and “after” are the hub’s words for the body; the origin is sealed and not compared.',
  leaf: 'The leaf as a whole gets a fingerprint, too. It is the one that the entry shows.',
  path: 'Fingerprints are joined two by two, like the matches of a knockout tournament, until one is left. The proof names the partner of each round; this browser computes the rounds.',
  root: 'What is left is the fingerprint of all entries together, the root. It has to be the one that the signed checkpoint names. If anything in this entry had been changed, it could not be.',
  checkpoint: 'A checkpoint is a short signed note: whose ledger, how many entries, and their root. It has to be about the ledger of this very tenant.',
  key: 'A signature is worth as much as the key that it is checked with. Best is a key that you got from elsewhere and hold yourself.',
  signature: 'Only who has the secret half of the key could have signed this text. Checked with Ed25519.',
};

/** What it means when a step fails. */
export const MEANING: Record<StepName, string> = {
  read: 'This proves nothing: what the hub answered is no proof of this format, or something between the hub and this page altered it.',
  payload: 'The body is not the one that was recorded: it was changed afterwards, in the hub’s database or on the way to you.',
  metadata: 'The circumstances (who asked for it, why) are not those that were recorded: they were changed afterwards, in the hub’s database or on the way to you.',
  entry: 'The hub shows you something else than it recorded. Rely on what was hashed, and ask why the two differ.',
  leaf: 'The entry that you see and the leaf in the proof are not of the same event, or one of them was changed.',
  path: 'The proof does not lead through this ledger: a node is missing or one too many, or it was made for a ledger of another size.',
  root: 'This entry, as it is here, is not in the ledger that was signed: the entry, its place, or the proof was altered.',
  checkpoint: 'What was signed is not about this tenant’s ledger, or cannot be read: this proof says nothing about the entry.',
  key: 'The hub signs with a key that you have no reason to believe. Either the key was replaced without the old one’s signature, which an attacker who rewrites the ledger would have to do, or you hold the key of another hub.',
  signature: 'The key’s owner has not signed this checkpoint: its text, its origin or its signature was altered or made up.',
};

export const HUB_KEY =
  'This key is the hub’s own word. With it you see that entry, ledger and signature fit together. You do not see that nobody rewrote the whole ledger and signed it anew: whoever controls the hub and its signing key could do both, and would hand you the key that fits. Against that helps only a key that reached you on another way and earlier: what the hub printed at its first start (“signing as …”), or what your auditors keep.';

export const HELD_KEY = 'You hold this key yourself. A hub that rewrote its ledger and signed it with another key would be found out here.';
