/** The account is not as it was when the dialog was opened (412): what changed, and the offer to take it over. */
import { DiffTable } from '../../../kit/diff';
import { ChangedMeanwhile } from '../../../kit/meanwhile';
import { Answered } from '../../../kit/states';
import { type User, useUserNow } from '../queries';
import { decided } from './rules';

export function Meanwhile({ base, takeOver }: { base: User; takeOver: (now: User) => void }) {
  return (
    <Answered query={useUserNow(base.id, base.revision)} what="The account as it is now">
      {(now) => {
        const changed = JSON.stringify(decided(now)) !== JSON.stringify(decided(base));
        return (
          <ChangedMeanwhile title={changed ? 'Somebody changed the account meanwhile' : 'The account was used meanwhile'} was={base.revision} is={now.revision} takeOver={() => takeOver(now)}>
            {changed ? <DiffTable before={decided(base)} after={decided(now)} label="What changed meanwhile" /> : <p>Somebody signed in or tried to, or the password changed. What you decide about is as it was.</p>}
          </ChangedMeanwhile>
        );
      }}
    </Answered>
  );
}
