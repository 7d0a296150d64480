/** What stands where an answer is on its way. */
import { Skeleton } from '@patternfly/react-core';

/** About as many lines as there will be. */
export function Lines({ what, number }: { what: string; number: number }) {
  return (
    <div className="cm-settings-waiting">
      {Array.from({ length: number }, (_, line) => (
        <Skeleton key={line} screenreaderText={line === 0 ? what : undefined} />
      ))}
    </div>
  );
}
