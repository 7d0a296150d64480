/** What the ledger is verified with, and how far it is signed. */
import { Skeleton } from '@patternfly/react-core';

import { useMay } from '../../../app/me';
import { Answered } from '../../../kit/states';
import { at, count } from '../../../kit/words';
import { useLedgerHead, useLedgerKeys } from '../queries';
import { Copied } from './copy';

/** About as many lines as there will be. */
function Lines({ what, number }: { what: string; number: number }) {
  return (
    <div className="cm-settings-waiting">
      {Array.from({ length: number }, (_, line) => (
        <Skeleton key={line} screenreaderText={line === 0 ? what : undefined} />
      ))}
    </div>
  );
}

export function Ledger() {
  const may = useMay('audit:read');
  const head = useLedgerHead(may);
  const keys = useLedgerKeys(may);
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
