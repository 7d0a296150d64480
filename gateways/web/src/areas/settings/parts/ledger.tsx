/** What the ledger is verified with, and how far it is signed. */
import { useMay, useMe } from '../../../app/me';
import { Answered } from '../../../kit/states';
import { at, count } from '../../../kit/words';
import { useLedgerHead, useLedgerKeys } from '../queries';
import { Copied } from './copy';
import { Lines } from './lines';

export function Ledger() {
  const may = useMay('audit:read');
  const head = useLedgerHead(may);
  const keys = useLedgerKeys(may);
  if (useMe().isPending) return <Lines what="What the ledger is verified with is loading" number={10} />;
  if (!may) return <p>Who may read the audit log sees the key here.</p>;
  return (
    <>
      <p>
        Keep this key apart from the hub: in a password safe, or with your auditors. With it anybody can check exports and proofs without believing the hub, and a
        ledger that was written anew under another key is found out.
      </p>
      <Answered query={head} what="The verifier key" waiting={<Lines what="The verifier key is loading" number={6} />}>
        {({ verifier_key: key, size, uncovered, checkpoint }) => (
          <>
            <Copied value={key} label="the verifier key" />
            <p className="cm-subtle">
              {checkpoint
                ? `The newest checkpoint was signed ${at(checkpoint.issued_at)} over ${count(checkpoint.size)} of ${count(size)} entries${uncovered > 0 ? `; ${count(uncovered)} wait for the next one` : ''}.`
                : `No checkpoint has been signed yet; ${count(size)} entries wait for the first.`}
            </p>
          </>
        )}
      </Answered>
      <h3 className="cm-heading">All keys</h3>
      <Answered query={keys} what="The keys" waiting={<Lines what="The keys are loading" number={1} />}>
        {(all) =>
          all.length < 2 ? (
            <p>This is the only key so far.</p>
          ) : (
            <ol className="cm-settings-keys">
              {all.map((one, index) => (
                <li key={one.verifier_key}>
                  <code className="cm-breaks">{one.verifier_key}</code>
                  <p className="cm-subtle">
                    {index === 0 ? 'The first.' : 'It and the one before it signed the change.'} {index === all.length - 1 ? 'It signs now.' : 'It signs no longer.'}
                  </p>
                </li>
              ))}
            </ol>
          )
        }
      </Answered>
    </>
  );
}
