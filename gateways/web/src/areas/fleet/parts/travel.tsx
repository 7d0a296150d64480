/** The way to another moment of the fleet. */
import { ExpandableSection } from '@patternfly/react-core';
import { useState } from 'react';

import type { Moment } from '../../../kit/past';
import { Failed } from '../../../kit/states';
import { TimeTravel } from '../../../kit/time-travel';
import { useBeginning } from '../queries';

/** `told` is the time of what is shown, where the address says a position. */
export function Travel({ moment, told }: { moment: Moment; told: string | undefined }) {
  const [open, setOpen] = useState(moment.asOf !== undefined);
  const beginning = useBeginning(open);
  return (
    <ExpandableSection toggleText="Time travel" isExpanded={open} onToggle={(_event, next) => setOpen(next)} isIndented className="cm-space-below">
      {beginning.isError && <Failed cause={beginning.error} retry={() => void beginning.refetch()} inline />}
      <TimeTravel moment={moment} from={beginning.data} told={told} />
    </ExpandableSection>
  );
}
