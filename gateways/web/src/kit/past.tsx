/** Time travel: which moment a page tells of. It stands in the address as `as_of`, a time (RFC 3339) or a ledger position. */
import { Banner, Flex, FlexItem } from '@patternfly/react-core';
import HistoryIcon from '@patternfly/react-icons/dist/esm/icons/history-icon';

import { put, useAddress } from './address';
import { at } from './words';

export interface Moment {
  /** `undefined` is now. */
  asOf: string | undefined;
  set: (asOf: string | undefined) => void;
}

export function useMoment(): Moment {
  const [params, change] = useAddress();
  return {
    asOf: params.get('as_of') ?? undefined,
    set: (asOf) =>
      change(
        (next) => {
          next.delete('cursor');
          put(next, 'as_of', asOf);
        },
        { replace: true },
      ),
  };
}

export function momentWord(asOf: string): string {
  return /^\d+$/.test(asOf) ? `after ledger position ${asOf}` : `on ${at(asOf)}`;
}

/** Unmistakable: what is below it is not now. */
export function PastBanner({ moment }: { moment: Moment }) {
  if (moment.asOf === undefined) return null;
  return (
    <Banner color="orange" isSticky screenReaderText="You are looking at the past." className="cm-past">
      <Flex spaceItems={{ default: 'spaceItemsSm' }} alignItems={{ default: 'alignItemsCenter' }} justifyContent={{ default: 'justifyContentCenter' }}>
        <FlexItem>
          <HistoryIcon aria-hidden />
        </FlexItem>
        <FlexItem>
          <strong>The past:</strong> as it was {momentWord(moment.asOf)}. Nothing here is live.
        </FlexItem>
        <FlexItem>
          <button type="button" className="cm-past-back" onClick={() => moment.set(undefined)}>
            Back to now
          </button>
        </FlexItem>
      </Flex>
    </Banner>
  );
}
