/** Who, and to what: said alike in the list, on the page of an entry and in the replay. */
import { Link } from 'react-router';

import { useMe } from '../../../app/me';
import type { Entry } from '../queries';

export function Who({ actor }: { actor: string }) {
  const me = useMe().data?.id;
  return (
    <>
      <code className="cm-audit-id">{actor}</code>
      {actor === me && <span className="cm-subtle"> (you)</span>}
    </>
  );
}

export function Target({ entry }: { entry: Pick<Entry, 'target_type' | 'target_id'> }) {
  const name = <code className="cm-audit-id">{entry.target_id}</code>;
  return entry.target_type === 'cluster' ? <Link to={`/clusters/${encodeURIComponent(entry.target_id)}`}>{name}</Link> : name;
}
